import { RunError } from "@pulumi/pulumi/errors.js";

/**
 * A mistake of the user. Pulumi prints the message alone, without a stack trace. The message says
 * what is wrong and what to do.
 */
export class UserError extends RunError {
    constructor(message: string) {
        super(message);
        // Pulumi prints the stack of an error that is thrown after the program's main code ended.
        this.stack = message;
    }
}
