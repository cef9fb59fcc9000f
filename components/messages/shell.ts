/** Commands that messages and outputs show, for a POSIX shell. */
import { getStack } from "@pulumi/pulumi/metadata.js";
import { shellWord } from "../../quay/api/shellWord.ts";

export { shellWord };

/** Returns the command that sets a configuration key of this stack. */
export function setCommand(setting: string, value: string): string {
    return `pulumi config set --path ${shellWord(setting)} ${shellWord(value)} -s ${getStack()}`;
}
