import type { parseArgs } from "node:util";
import { serviceOf, stacksIn } from "../../configuration/delivery.ts";
import { requireStack } from "../pulumiCli.ts";
import { replaceFile } from "../replaceFile.ts";
import { renderPage } from "./page/page.ts";
import { renderJson, renderMarkdown, renderText } from "./render.ts";
import { readRow } from "./row.ts";

/** The board's options, in the form of `parseArgs`. */
export const options = {
    drift: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    page: { type: "string" },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

/** Prints what each stack has deployed. @param named the stacks; none: all that have a file */
export async function showBoard(
    { drift, markdown, json, page }: Values,
    named: readonly string[],
): Promise<void> {
    await Promise.all(named.map(requireStack));
    const stacks = named.length > 0 ? named : stacksIn(".");
    const requested = { drift, history: page !== undefined };
    const rows = await Promise.all(stacks.map((stack) => readRow(stack, requested)));
    const render = json ? renderJson : markdown ? renderMarkdown : renderText;
    const now = new Date();
    if (page !== undefined) {
        replaceFile(page, renderPage(rows, now, serviceOf(stacks)));
        console.error(`The page: ${page}`);
    }
    console.log(render(rows, now));
}
