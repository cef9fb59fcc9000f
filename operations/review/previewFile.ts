/** Previews in files. In a review, code of the pull request has written them. */
import { lstatSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { UserError } from "../../components/messages/userError.ts";
import { foreign } from "../../quay/api/text.ts";
import { type Preview, previewSchema } from "./preview.ts";

/** The largest file, in bytes: a hundred times the preview of a large stack. */
const limit = 1 << 24;

/** Reads a preview. @throws UserError if the file is missing, too large or no preview */
export function readPreview(file: string): Preview {
    const cannot = (why: string): UserError => new UserError(`${file} cannot be read: ${why}`);
    let json: unknown;
    try {
        const status = lstatSync(file);
        if (!status.isFile()) throw new UserError("it is no file");
        if (status.size > limit) throw new UserError(`it is larger than ${String(limit)} bytes`);
        json = JSON.parse(readFileSync(file, "utf8"));
    } catch (error) {
        throw cannot(foreign(error instanceof Error ? error.message : String(error)));
    }
    const { data } = previewIn(json);
    if (data === undefined)
        throw new UserError(
            `${file} is not a preview that ` +
                "`node operations/review/main.ts preview STACK --to FOLDER` wrote.",
        );
    return data;
}

/** Parses a preview. What is nested too deep for the stack is none. */
function previewIn(json: unknown): { readonly data?: Preview | undefined } {
    try {
        return previewSchema.safeParse(json);
    } catch (error) {
        if (error instanceof RangeError) return {};
        throw error;
    }
}

/** Returns the stack that a file is named after. */
export const stackOf = (file: string): string => basename(file, ".json");

/** Returns a preview that failed, of the stack that a file is named after. */
export function failedPreview(file: string, error: string): Preview {
    return { stack: stackOf(file), errors: [error], warnings: [], changes: [], unchanged: [] };
}

/**
 * Reads a preview. One that is missing or cannot be read becomes a failed preview of the stack that
 * the file is named after, so that the other stacks are reported too.
 */
export function readOrFailed(file: string): Preview {
    try {
        return readPreview(file);
    } catch (error) {
        if (!(error instanceof UserError)) throw error;
        const why = `There is no result, and the job's log says why: ${error.message}`;
        return failedPreview(file, why);
    }
}
