/** Commands that messages and outputs show, for a POSIX shell. */
import { getStack } from "@pulumi/pulumi/metadata.js";

/** Returns the command that sets a configuration key of this stack. */
export function setCommand(setting: string, value: string): string {
    return `pulumi config set --path ${shellWord(setting)} ${shellWord(value)} -s ${getStack()}`;
}

/** Quotes a word for the shell, unless it needs no quotes. */
export function shellWord(word: string): string {
    return /^[\w./:@+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
