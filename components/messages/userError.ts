import { RunError } from "@pulumi/pulumi/errors.js";
import { visibleLines } from "../../quay/api/text.ts";

/**
 * A mistake of the user. Pulumi prints the message alone, without a stack trace. The message says
 * what is wrong and what to do. It may have text from a server or a file: what would change the
 * terminal is escaped.
 */
export class UserError extends RunError {
    constructor(message: string) {
        super(visibleLines(message));
        // Pulumi prints the stack of an error that is thrown after the program's main code ended.
        this.stack = this.message;
    }
}
