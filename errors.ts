import { RunError } from "@pulumi/pulumi/errors.js";

/** A mistake of the user's: Pulumi prints its message alone, without a stack trace. The message says what is wrong and what to do. */
export class UserError extends RunError {}
