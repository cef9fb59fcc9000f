import { RunError } from "@pulumi/pulumi/errors.js";

/** A mistake of the user's: Pulumi prints its message alone, without a stack trace. The message says what is wrong and what to do. */
export class UserError extends RunError {
    constructor(message: string) {
        super(message);
        this.stack = message; // printed where the error comes once the program itself is through, and only its resources are waited for
    }
}
