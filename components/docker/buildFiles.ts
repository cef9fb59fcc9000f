import {
    lstatSync,
    mkdirSync,
    readlinkSync,
    renameSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { resolve } from "node:path";
import { type BuildContext, ignoreText, readDockerfile } from "./buildContext.ts";

/** Where the program writes what its builds need, in the project's folder. Git ignores it. */
export const workFolder = ".build";

/** A build's inputs of the Docker provider: the same on every machine, wherever the context lies. */
export interface BuildFiles {
    /** The context: a symbolic link to it. */
    readonly context: string;
    /** The Dockerfile, relative to the context. */
    readonly dockerfile: string;
    /** The file that the build's output goes to. */
    readonly buildLogFile: string;
}

/**
 * Prepares a build: a link to the context, a copy of the Dockerfile and the ignore file that goes
 * with it, each in a folder of the stack's own. BuildKit reads `<Dockerfile>.dockerignore` beside
 * the Dockerfile before it looks for `.dockerignore`, so the builder ignores exactly what the
 * content's hash ignores, and the Dockerfile may lie outside of the context.
 *
 * @param stack the stack's name: two stacks of a checkout may build at the same time.
 * @param name the image's name, unique in the stack.
 * @param write whether the files are written; a preview writes nothing.
 */
export function prepareBuild(
    stack: string,
    name: string,
    context: BuildContext,
    write: boolean,
): BuildFiles {
    const path = `${workFolder}/${stack}/${name}`;
    if (write) {
        linkSource(stack, name, context.folder, write);
        replaceFile(`${path}.Dockerfile`, readDockerfile(context));
        replaceFile(`${path}.Dockerfile.dockerignore`, ignoreText(context));
    }
    // The provider joins the two paths as text: the link is not followed.
    return {
        context: path,
        dockerfile: `../${name}.Dockerfile`,
        buildLogFile: `${path}.log`,
    };
}

/**
 * A link to a folder, in the stack's folder: the input for a folder anywhere, because its own path
 * would differ from machine to machine and replace the image.
 *
 * @returns the link's path, relative to the project's folder.
 */
export function linkSource(stack: string, name: string, folder: string, write: boolean): string {
    const link = `${workFolder}/${stack}/${name}`;
    const target = resolve(folder);
    if (write) {
        mkdirSync(`${workFolder}/${stack}`, { recursive: true });
        const known = lstatSync(link, { throwIfNoEntry: false });
        if (known?.isSymbolicLink() !== true || readlinkSync(link) !== target)
            replace(link, (fresh) => {
                symlinkSync(target, fresh, "dir");
            });
    }
    return link;
}

function replaceFile(file: string, content: string | Buffer): void {
    replace(file, (fresh) => {
        writeFileSync(fresh, content);
    });
}

/** Replaces atomically: a build that is reading has the old one or the new one. */
function replace(path: string, make: (fresh: string) => void): void {
    const fresh = `${path}.${String(process.pid)}`;
    make(fresh);
    renameSync(fresh, path);
}
