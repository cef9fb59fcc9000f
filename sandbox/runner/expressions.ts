/** The expressions of workflow files, by GitHub's own parser and evaluator. */
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";

/** A value of a context. A property that is undefined is left out. */
export type Value =
    | string
    | number
    | boolean
    | null
    | readonly Value[]
    | { readonly [name: string]: Value | undefined };

/** The contexts of an expression by name: github, secrets, steps, … */
export type Contexts = Readonly<Record<string, Value>>;

/** How far a job has come, for `success()`, `failure()` and `cancelled()`. */
export type Status = "success" | "failure";

const statusFunctions = ["success", "failure", "cancelled", "always"] as const;

/** Returns the value of an expression, without its `${{ }}`. */
function evaluate(
    expression: string,
    contexts: Contexts,
    status: Status = "success",
): data.ExpressionData {
    const holds = {
        success: status === "success",
        failure: status === "failure",
        cancelled: false,
        always: true,
    };
    const functions = statusFunctions.map((name) => ({
        name,
        minArgs: 0,
        maxArgs: 0,
        call: () => new data.BooleanData(holds[name]),
    }));
    const { tokens } = new Lexer(expression).lex();
    const parsed = new Parser(tokens, Object.keys(contexts), functions).parse();
    return new Evaluator(
        parsed,
        dictionaryOf(contexts),
        new Map(functions.map((one) => [one.name, one])),
    ).evaluate();
}

/** Returns a text with the values of its expressions. */
export function fill(text: string, contexts: Contexts): string {
    return text.replaceAll(/\$\{\{(.+?)\}\}/gs, (_, expression: string) =>
        evaluate(expression, contexts).coerceString(),
    );
}

/** Returns each text with the values of its expressions. */
export function fillAll(
    texts: Readonly<Record<string, string>>,
    contexts: Contexts,
): Record<string, string> {
    return Object.fromEntries(
        Object.entries(texts).map(([name, text]) => [name, fill(text, contexts)]),
    );
}

/** Returns whether an `if` holds. One that asks for no status holds after a success alone. */
export function holds(condition: string | undefined, contexts: Contexts, status: Status): boolean {
    const [, inside = condition] = /^\$\{\{(.*)\}\}$/s.exec(condition ?? "") ?? [];
    const asksStatus = new RegExp(`\\b(${statusFunctions.join("|")})\\(\\)`).test(inside ?? "");
    if (!asksStatus && status !== "success") return false;
    return inside === undefined || isTrue(evaluate(inside, contexts, status).coerceString());
}

/** Returns whether a value counts as true, from its text: GitHub's rule for conditions. */
function isTrue(value: string): boolean {
    return !["", "false", "0", "NaN"].includes(value);
}

function dataOf(value: Value): data.ExpressionData {
    if (value === null) return new data.Null();
    if (typeof value === "string") return new data.StringData(value);
    if (typeof value === "number") return new data.NumberData(value);
    if (typeof value === "boolean") return new data.BooleanData(value);
    if (isList(value)) return new data.Array(...value.map(dataOf));
    return dictionaryOf(value);
}

function dictionaryOf(values: Readonly<Record<string, Value | undefined>>): data.Dictionary {
    return new data.Dictionary(
        ...Object.entries(values).flatMap(([key, value]) =>
            value === undefined ? [] : [{ key, value: dataOf(value) }],
        ),
    );
}

/** Array.isArray does not narrow a readonly array. */
function isList(value: Value): value is readonly Value[] {
    return Array.isArray(value);
}
