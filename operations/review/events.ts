import { z } from "zod";
import { changeOf, generatedNames, inputsOf, type Step, stepSchema } from "./changes.ts";
import { type Change, mapTexts, parseJson, type Preview, previewSchema } from "./preview.ts";
import { reviewerNames } from "./reviewers.ts";
import { concealText } from "./secrets.ts";

/** The engine events that a review uses (pulumi/sdk/go/common/apitype/events.go). */
const event = z.object({
    resourcePreEvent: z.object({ metadata: stepSchema }).optional(),
    resOutputsEvent: z.object({ metadata: stepSchema }).optional(),
    diagnosticEvent: z
        .object({
            severity: z.string(),
            prefix: z.string().default(""),
            message: z.string(),
            urn: z.string().default(""),
        })
        .optional(),
    policyEvent: z
        .object({
            enforcementLevel: z.string(),
            policyName: z.string(),
            message: z.string(),
            resourceUrn: z.string().default(""),
        })
        .optional(),
    errorEvent: z.object({ error: z.string() }).optional(),
    summaryEvent: z.object({ result: z.string().default("succeeded") }).optional(),
});

/** Collects the events of one preview, line by line, and builds a `Preview` from them. */
export class EventReader {
    readonly #steps = new Map<string, Step>();
    readonly #errors: string[] = [];
    readonly #warnings: string[] = [];
    #finished = false;

    /**
     * @param line a line of the engine's output: an event as JSON, else an error before any event.
     */
    read(line: string): void {
        const parsed = event.safeParse(parseJson(line));
        if (!parsed.success) {
            if (line.trim() !== "") this.#errors.push(line);
            return;
        }
        const {
            resourcePreEvent,
            resOutputsEvent,
            diagnosticEvent,
            policyEvent,
            errorEvent,
            summaryEvent,
        } = parsed.data;
        // The event at the end of a step has more data; a component can end more than once.
        const { metadata } = resOutputsEvent ?? resourcePreEvent ?? {};
        if (metadata !== undefined) this.#steps.set(`${metadata.urn} ${metadata.op}`, metadata);
        if (diagnosticEvent !== undefined)
            this.#diagnostic(
                diagnosticEvent.severity,
                about(diagnosticEvent.urn, diagnosticEvent.message),
            );
        if (policyEvent !== undefined) {
            const { enforcementLevel, policyName, message, resourceUrn } = policyEvent;
            this.#diagnostic(
                enforcementLevel === "mandatory" ? "error" : "warning",
                about(resourceUrn, `policy ${policyName}: ${message}`),
            );
        }
        if (errorEvent !== undefined) this.#diagnostic("error", errorEvent.error);
        if (summaryEvent !== undefined) this.#finished = summaryEvent.result === "succeeded";
    }

    /** @param failure the engine's stderr if it failed; undefined if it succeeded. */
    preview(stack: string, failure: string | undefined): Preview {
        const succeeded = this.#finished && failure === undefined;
        const errors =
            succeeded || this.#errors.length > 0
                ? this.#errors
                : [tidy(failure ?? "") || "The preview ended before it was done."];
        const steps = [...this.#steps.values()].filter((step) => !this.#isPartOfReplacement(step));
        const names = reviewerNames(steps);
        const preview = {
            stack,
            errors,
            warnings: this.#warnings,
            changes: steps
                .flatMap((step) => changeOf(step, names))
                .sort((a, b) => (key(a) < key(b) ? -1 : 1)),
            unchanged: steps
                .filter(
                    (step) =>
                        step.op === "same" &&
                        step.new?.custom === true &&
                        changeOf(step, names).length === 0,
                )
                .map((step) => ({
                    urn: step.urn,
                    type: step.type,
                    parent: step.new?.parent ?? "",
                    inputs: inputsOf(step, names),
                })),
        };
        const generated = steps.flatMap(generatedNames);
        const replaceGenerated = (text: string) =>
            generated.reduce((text, { value, name }) => text.replaceAll(value, name), text);
        return previewSchema.parse(
            mapTexts(preview, (text) => concealText(replaceGenerated(text))),
        );
    }

    #diagnostic(severity: string, text: string): void {
        const list =
            severity === "error"
                ? this.#errors
                : severity === "warning"
                  ? this.#warnings
                  : undefined;
        const tidied = tidy(text);
        if (list !== undefined && tidied !== "" && !list.includes(tidied)) list.push(tidied);
    }

    /** Whether it is one of a replacement's other steps: the `replace` step has all the data. */
    #isPartOfReplacement({ op, urn }: Step): boolean {
        return (
            ["create-replacement", "delete-replaced"].includes(op) &&
            this.#steps.has(`${urn} replace`)
        );
    }
}

const key = ({ urn, operation }: Change): string => `${urn} ${operation}`;

function about(urn: string, message: string): string {
    const resource = urn.slice(urn.lastIndexOf("$") + 1).replace(/^urn:pulumi:[^:]*::[^:]*::/, "");
    return resource === "" ? message : `${resource}: ${message}`;
}

/** Removes the engine's colour marks, terminal codes and empty lines. */
function tidy(text: string): string {
    return text
        .replace(/<\{%.*?%\}>/g, "")
        .replace(/\x1b\[[0-9;]*[A-Za-z]/g, "")
        .split("\n")
        .map((line) => line.trimEnd())
        .filter((line) => line !== "")
        .join("\n");
}
