import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { UserError } from "../components/messages/userError.ts";

/**
 * Replaces a file at once: a reader sees the old text or the new one. After a failure the
 * old one is still there.
 *
 * @throws UserError if it cannot be written.
 */
export function replaceFile(path: string, text: string): void {
    const part = `${path}.${String(process.pid)}.part`;
    try {
        writeFileSync(part, text);
        renameSync(part, path);
    } catch (error) {
        if (existsSync(part)) rmSync(part);
        throw new UserError(
            `${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
        );
    }
}
