import { z } from "zod";
import { invalidRequest } from "../answers.ts";

/**
 * Returns the value if the schema accepts it.
 * @throws Refusal with 400 invalid_request. As in Quay, its detail begins with the message of
 * Python's jsonschema, followed by the schema and the value.
 */
export function validated<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
    const result = schema.safeParse(value, { reportInput: true });
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const dump = JSON.stringify(z.toJSONSchema(schema, { io: "input" }), null, 4);
    const paragraphs = [
        issue === undefined ? "Invalid" : sentence(issue),
        `Failed validating in schema:\n${dump}`,
        `On instance:\n${JSON.stringify(value)}`,
    ];
    throw invalidRequest(paragraphs.join("\n\n"));
}

function sentence(issue: z.core.$ZodIssue): string {
    const input = python(issue.input);
    switch (issue.code) {
        case "invalid_type":
            return issue.input === undefined && issue.path.length > 0
                ? `${python(issue.path.at(-1))} is a required property`
                : `${input} is not of type '${jsonType(issue.expected)}'`;
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

const jsonType = (expected: string): string => (expected === "record" ? "object" : expected);

/** Formats a JSON value as Python prints it. */
function python(value: unknown): string {
    if (value === null || value === undefined) return "None";
    if (typeof value === "boolean") return value ? "True" : "False";
    if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
    return typeof value === "string" ? `'${value}'` : JSON.stringify(value);
}
