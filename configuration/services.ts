/** A table of services: one program delivers them all. */
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { foreign } from "../quay/api/text.ts";
import { UserError } from "../components/messages/userError.ts";
import { repository } from "../components/workflow/names.ts";
import { namespace, repositoryInNamespace, robotInNamespace } from "../quay/api/names.ts";

const service = z.object({
    /** The service's name: also that of its repository on Quay, and of its robot. */
    name: repositoryInNamespace.pipe(robotInNamespace),
    /** The GitHub repository with its sources, without the owner. */
    repository,
    /** The user or organization on Quay that the image's repository belongs to. */
    namespace,
    /** The user or organization on GitHub that the sources belong to: a stack of its own. */
    owner: z
        .string()
        .regex(/^(?=.{1,39}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*$/, "must be an account on GitHub"),
});

/** A row of the table. */
export type Service = z.output<typeof service>;

const columns = Object.keys(service.shape);

/**
 * Reads the services of an owner from a table: CSV with the columns name, repository, namespace and
 * owner, without quotes; with the byte order mark and the line ends of Excel or without.
 *
 * @param file its path, from the working directory.
 * @param owner whose services: a stack is named after its owner, so `getStack()`.
 * @returns one at least: a program without services would delete all that the stack has
 * @throws UserError that lists every problem of the table: the row, counted as in an editor, the
 * key, its value; that says why the file cannot be read; or that the owner has no row
 */
export function readServices(file: string, owner: string): Service[] {
    const services = servicesIn(file);
    const own = services.filter((service) => service.owner === owner);
    if (own.length > 0) return own;
    const owners = [...new Set(services.map((service) => service.owner))].join(", ");
    throw new UserError(
        `${file} has no service of ${foreign(owner)}, as this stack is called. It has those of: ` +
            `${owners || "nobody"}. To delete all that a stack has, run \`pulumi destroy\`.`,
    );
}

function servicesIn(file: string): Service[] {
    const [header = "", ...lines] = textOf(file).trimEnd().split(/\r?\n/);
    if (header !== columns.join())
        throw new UserError(
            `${file}, row 1 = "${foreign(header)}": must be ${columns.join()}, with commas, ` +
                "without spaces or quotes, saved as UTF-8",
        );
    const rows = lines.map((line) => line.split(","));
    const problems = rows.flatMap((row, index) =>
        [...problemsIn(row), ...duplicatesOf(row, rows.slice(0, index))].map(
            (problem) => `  row ${String(index + 2)} (${foreign(row[0] ?? "")}), ${problem}`,
        ),
    );
    if (problems.length === 0) return rows.map((row) => service.parse(named(row)));
    const count = `${String(problems.length)} problem${problems.length === 1 ? "" : "s"}`;
    throw new UserError(`The table of services has ${count} (${file}):\n${problems.join("\n")}`);
}

/** Reads the file, without the byte order mark. */
function textOf(file: string): string {
    try {
        return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
    } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new UserError(`The table of services cannot be read: ${foreign(why)}`);
    }
}

const named = (row: readonly string[]): Record<string, string | undefined> =>
    Object.fromEntries(columns.map((column, index) => [column, row[index]]));

/** What is wrong in a row, by key. */
function problemsIn(row: readonly string[]): string[] {
    if (row.length !== columns.length)
        return [
            `${String(row.length)} values: must be ${String(columns.length)}, ${columns.join()}`,
        ];
    const values = named(row);
    const { success, data, error } = service.safeParse(values);
    if (!success)
        return error.issues.map(({ path, message }) => {
            const key = String(path[0]);
            return `${key} = ${JSON.stringify(foreign(values[key] ?? ""))}: ${message}`;
        });
    const stack = `Pulumi.${data.owner}.yaml`;
    return existsSync(stack)
        ? []
        : [`owner = "${data.owner}": has no stack, ${stack}, so nothing would deliver it`];
}

/** What another service has already: its name in the stack, or its repository on Quay or GitHub. */
function duplicatesOf(row: readonly string[], before: readonly (readonly string[])[]): string[] {
    const [name = "", repository = "", namespace = "", owner = ""] = row;
    const rowOf = (index: number): string => `must be another than row ${String(index + 2)}'s`;
    const image = before.findIndex(
        (other) => other[0] === name && (other[2] === namespace || other[3] === owner),
    );
    // GitHub does not tell cases apart.
    const isSources = (other: readonly string[]): boolean =>
        other[1]?.toLowerCase() === repository.toLowerCase() &&
        other[3]?.toLowerCase() === owner.toLowerCase();
    const sources = before.findIndex(isSources);
    return [
        ...(image < 0 ? [] : [`name = ${JSON.stringify(foreign(name))}: ${rowOf(image)}`]),
        ...(sources < 0
            ? []
            : [`repository = ${JSON.stringify(foreign(repository))}: ${rowOf(sources)}`]),
    ];
}
