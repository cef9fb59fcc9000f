/** What a pull request changes of the files that decide what is deployed, by what and where. */
import { z } from "zod";
import { contentOf } from "../../configuration/file.ts";
import { hash } from "./changeSet.ts";
import { git as gitIn, type Merge } from "./merge.ts";
import { ofOutputs, type Preview, unknown } from "./preview.ts";
import { phrase, type Phrase, type Risk } from "./rules/rule.ts";

/** A statement about changed files that a reviewer must read. */
export interface SourceFinding {
    readonly risk: Exclude<Risk, "routine">;
    readonly text: Phrase;
}

/**
 * What previews, reviews and deploys, and the folders that its jobs fill: a change of it can have
 * the others say nothing.
 */
const guards = new RegExp(
    "^((\\.github|operations|policy|toolchain|snapshots|previews|reviewed)(/|$)|" +
        "(Pulumi\\.yaml|Makefile|mise\\.toml|\\.npmrc)$)",
);
const program =
    /^((components|configuration|contract|quay)\/|((index|stack)\.ts|package(-lock)?\.json)$)/;
const mapping = z.record(z.string(), z.unknown());
const encrypted = z.object({ secure: z.string() });
const stackFile = /^Pulumi\.(.+)\.yaml$/;

/** The keys of a stack's file whose changes the preview of its resources shows. */
const ownKey = /^mlops:/;

/** The largest file of a stack, in bytes: a larger one is not read. */
const limit = 1 << 20;

/**
 * Compares the merge of a pull request with its base.
 *
 * @param folder a folder of a repository that has both. Nothing is checked out.
 */
export function findSourceChanges(
    folder: string,
    { base, commit }: Pick<Merge, "base" | "commit">,
): SourceFinding[] {
    const git = (...args: string[]): string => gitIn(folder, args);
    const changed = git("diff", "--name-only", "--no-renames", "-z", base, commit)
        .split("\0")
        .filter((file) => file !== "");
    const textAt = (at: string, file: string): string | undefined => {
        const [, size] = /^\S+ blob \S+ +(\d+)\t/.exec(git("ls-tree", "-l", at, "--", file)) ?? [];
        if (size === undefined) return "";
        return Number(size) > limit ? undefined : git("show", `${at}:${file}`);
    };
    const guarding = changed.filter((file) => guards.test(file));
    const programmed = changed.filter((file) => program.test(file));
    return [
        ...changed.flatMap((file) => {
            const [, stack] = stackFile.exec(file) ?? [];
            if (stack === undefined) return [];
            return compareStack(stack, textAt(base, file), textAt(commit, file));
        }),
        ...(guarding.length === 0
            ? []
            : [
                  dangerous(
                      phrase`what previews, reviews and deploys is changed: ${list(guarding)}`,
                  ),
              ]),
        ...(programmed.length === 0
            ? []
            : [careful(phrase`the program is changed: ${list(programmed)}`)]),
    ];
}

/**
 * Lists the resources with values that are not known yet, where the program is changed: it runs in
 * the preview, and could have made up that they are not known. A deployment does not compare them.
 */
export function findUnknown(
    previews: readonly Preview[],
    sources: readonly SourceFinding[],
): SourceFinding[] {
    if (!sources.some(({ risk }) => risk === "careful")) return [];
    const mark = JSON.stringify(unknown);
    const places = previews.flatMap(({ stack, changes }) =>
        changes
            .filter((change) => !ofOutputs(change))
            .filter(({ properties }) =>
                JSON.stringify(properties.map(({ after }) => after)).includes(mark),
            )
            .map(({ name }) => `${name} of ${stack}`),
    );
    return places.length === 0
        ? []
        : [
              dangerous(
                  phrase`the program is changed, and what is not known yet may become anything:
                      ${list(places)}`,
              ),
          ];
}

/** Compares two texts of a stack's file: empty where it is not there, undefined if too large. */
export function compareStack(
    stack: string,
    before: string | undefined,
    after: string | undefined,
): SourceFinding[] {
    const [was, is] = [before, after].map((text) =>
        text === undefined ? undefined : contentOf(text),
    );
    if (was === undefined || is === undefined)
        return [dangerous(phrase`the file of ${stack} cannot be read, before or after`)];
    const [from, to] = [settingsIn(was), settingsIn(is)];
    const keys = [...new Set([...from.keys(), ...to.keys()])].sort();
    return keys
        .filter((key) => hash({ value: from.get(key) }) !== hash({ value: to.get(key) }))
        .map((key) =>
            dangerous(
                phrase`setting ${key} of ${stack}, which no resource shows: ${show(from.get(key))} →
                    ${show(to.get(key))}`,
            ),
        );
}

/**
 * Returns what a stack's file says of its providers, its policies, its backend and of who decrypts
 * its secrets, by key.
 */
function settingsIn({
    config,
    ...top
}: Readonly<Record<string, unknown>>): ReadonlyMap<string, unknown> {
    const foreign = Object.entries(mapping.safeParse(config).data ?? {}).filter(
        ([key]) => !ownKey.test(key),
    );
    return new Map([...Object.entries(top), ...foreign]);
}

function show(value: unknown): string {
    if (value === undefined) return "not set";
    return encrypted.safeParse(value).success ? "[secret]" : JSON.stringify(value);
}

function list(files: readonly string[]): string {
    const more = files.length - 10;
    return [...files.slice(0, 10), ...(more > 0 ? [`${String(more)} more`] : [])].join(", ");
}

function dangerous(text: Phrase): SourceFinding {
    return { risk: "dangerous", text };
}

function careful(text: Phrase): SourceFinding {
    return { risk: "careful", text };
}
