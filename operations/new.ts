/** Writes the files that a team owns: `make new NAME=fraud-scores`. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { z } from "zod";
import { foreign } from "../components/text.ts";
import { UserError } from "../components/userError.ts";
import { runCommand } from "./commandLine.ts";

const root = join(import.meta.dirname, "..");
const template = join(root, "templates/service");

/** It is the name of a project, an image, a repository and a robot. */
const name = /^(?=.{2,60}$)[a-z][a-z0-9]*([_-][a-z0-9]+)*$/;

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

/** Writes the files that are not there. @throws UserError if another one is in a file's place */
function writeNew(service: string, folder: string): void {
    if (!name.test(service))
        throw new UserError(
            `NAME=${foreign(service)}: must be 2 to 60 lower-case letters and digits, with ` +
                "single - and _ within, and begin with a letter. Nothing was written.",
        );
    const files = Object.entries(filesFor(service));
    const others = files.filter(([file, text]) => isOther(join(folder, file), text));
    if (others.length > 0)
        throw new UserError(
            `${folder} has files of its own: ${others.map(([file]) => file).join(", ")}. ` +
                "Nothing was written: name another folder by DIR=…, or move them away.",
        );
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of files) writeFileSync(join(folder, file), text);
}

const isOther = (file: string, text: string): boolean =>
    existsSync(file) && (!statSync(file).isFile() || readFileSync(file, "utf8") !== text);

const usage = `Writes the files of a project that delivers one service with the npm package mlops.
What is there already stays as it is.

  node operations/new.ts NAME [FOLDER]

  FOLDER   default: NAME, beside this checkout
  --help   this text`;

await runCommand({ usage, options: {}, arguments: [1, 2] }, (_, [service = "", given = ""]) => {
    const folder = resolve(given || join(root, "..", service));
    writeNew(service, folder);
    const shown = relative(process.cwd(), folder) || ".";
    process.stdout.write(`${shown} is the project ${service}. Its README.md says what is next.\n`);
});
