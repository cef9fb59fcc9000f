/** Writes the files that a team owns: `make new NAME=fraud-scores`. */
import { lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { z } from "zod";
import { foreign } from "../quay/api/text.ts";
import { UserError } from "../components/messages/userError.ts";
import { runCommand } from "./commandLine.ts";
import { replaceFile } from "./replaceFile.ts";

const root = join(import.meta.dirname, "..");
const template = join(root, "templates/service");

/** It is the name of a project, an image, a repository and a robot. */
const name = /^(?=.{2,60}$)(?!node_modules$)[a-z][a-z0-9]*([_-][a-z0-9]+)*$/;

/** Returns the text of each file of a new project, by the file's name. */
function filesFor(service: string): Readonly<Record<string, string>> {
    const { version } = z
        .object({ version: z.string() })
        .parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
    const fill = (text: string): string =>
        text.replaceAll("${NAME}", service).replaceAll("${VERSION}", version);
    const names = readdirSync(template);
    return Object.fromEntries(
        names.map((file) => [file, fill(readFileSync(join(template, file), "utf8"))]),
    );
}

/**
 * Writes the files that are not there, each at once: a second run completes what failed half-way.
 *
 * @throws UserError if something else is in a file's place, or the folder or a file cannot be made
 */
function writeNew(service: string, folder: string): void {
    if (service === "")
        throw new UserError("The service has no name yet. Give it one: make new NAME=fraud-scores");
    if (!name.test(service))
        throw new UserError(
            `NAME=${foreign(service)}: must be 2 to 60 lower-case letters and digits, with ` +
                "single - and _ within, and begin with a letter; but not node_modules. Nothing " +
                "was written.",
        );
    makeFolder(folder);
    const files = Object.entries(filesFor(service));
    const others = files.filter(([file, text]) => isOther(join(folder, file), text));
    if (others.length > 0)
        throw new UserError(
            `${folder} has files of its own: ${others.map(([file]) => file).join(", ")}. ` +
                "Nothing was written: name another folder by DIR=…, or move them away.",
        );
    const missing = files.filter(([file]) => inPlaceOf(join(folder, file)) === undefined);
    for (const [file, text] of missing) replaceFile(join(folder, file), text);
}

function makeFolder(folder: string): void {
    try {
        mkdirSync(folder, { recursive: true });
    } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new UserError(
            `DIR=${folder}: the folder cannot be made (${why}). Nothing was written: name another.`,
        );
    }
}

/** What has a file's name: a link counts itself, wherever it leads. */
const inPlaceOf = (file: string) => lstatSync(file, { throwIfNoEntry: false });

function isOther(file: string, text: string): boolean {
    const found = inPlaceOf(file);
    return found !== undefined && (!found.isFile() || readFileSync(file, "utf8") !== text);
}

const usage = `Writes the files of a project that delivers one service with the npm package mlops.
What is there already stays as it is. A second run writes the files that are missing, and is refused
once one of them has been edited, which \`pulumi stack init\` does, too.

  node operations/new.ts NAME [FOLDER]

  FOLDER   default: NAME, beside this checkout
  --help   this text`;

await runCommand({ usage, options: {}, arguments: [1, 2] }, (_, [service = "", given = ""]) => {
    const folder = resolve(given || join(root, "..", service));
    writeNew(service, folder);
    const shown = relative(process.cwd(), folder) || ".";
    process.stdout.write(`${shown} is the project ${service}. Its README.md says what is next.\n`);
});
