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

/** The folder for the files of builds, in the project's folder. Git ignores it. */
export const workFolder = ".build";

/** A build's inputs for the Docker provider: the same on every machine. */
export interface BuildFiles {
    /** The path of a symbolic link to the context. */
    readonly context: string;
    /** The path of the Dockerfile, relative to the context. */
    readonly dockerfile: string;
    /** The path of the build's log. */
    readonly buildLogFile: string;
}

/**
 * Writes the files of a build to the stack's folder: a link to the context, a copy of the
 * Dockerfile, and its ignore file. BuildKit prefers `<Dockerfile>.dockerignore` to `.dockerignore`,
 * so it ignores exactly what the content's hash ignores. The Dockerfile may be outside of the
 * context.
 *
 * @param stack the stack's name: two stacks of a checkout may build at the same time.
 * @param name the image's name, unique in the stack.
 * @param write whether to write the files; false in a preview.
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
    // The provider joins the two paths as strings: it does not follow the link.
    return {
        context: path,
        dockerfile: `../${name}.Dockerfile`,
        buildLogFile: `${path}.log`,
    };
}

/**
 * Creates a link to a folder in the stack's folder. The link is the build's input: the folder's own
 * path differs between machines and would replace the image.
 *
 * @param write whether to create the link; false in a preview.
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

/** Replaces a file atomically: a build that is reading it gets the old one or the new one. */
function replace(path: string, make: (fresh: string) => void): void {
    const fresh = `${path}.${String(process.pid)}`;
    make(fresh);
    renameSync(fresh, path);
}
