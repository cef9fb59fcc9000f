import { z } from "zod";
import { invalidRequest } from "../answers.ts";

/**
 * The value, if the schema accepts it; otherwise 400 invalid_request whose detail starts with the sentence of Python's
 * jsonschema and goes on with the schema and the value (fact 1: "a multi-line dump of the schema; first line is the useful one").
 */
export function validated<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
    const result = schema.safeParse(value, { reportInput: true });
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const dump = JSON.stringify(z.toJSONSchema(schema, { io: "input" }), null, 4);
    throw invalidRequest(
        `${issue === undefined ? "Invalid" : sentence(issue)}\n\nFailed validating in schema:\n${dump}\n\nOn instance:\n${JSON.stringify(value)}`,
    );
}

function sentence(issue: z.core.$ZodIssue): string {
    const input = python(issue.input);
    switch (issue.code) {
        case "invalid_type":
            return issue.input === undefined && issue.path.length > 0
                ? `${python(issue.path.at(-1))} is a required property`
                : `${input} is not of type ${python(issue.expected === "record" ? "object" : issue.expected)}`;
        case "invalid_value":
            return issue.input === undefined
                ? `${python(issue.path.at(-1))} is a required property`
                : `${input} is not one of ${python(issue.values)}`;
        case "too_big":
            return `${input} is too long`;
        case "too_small":
            return `${input} is too short`;
        default:
            return `${input} is not valid under any of the given schemas`;
    }
}

/** A JSON value as Python prints it. */
function python(value: unknown): string {
    if (value === null || value === undefined) return "None";
    if (typeof value === "boolean") return value ? "True" : "False";
    if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
    return typeof value === "string" ? `'${value}'` : JSON.stringify(value);
}
