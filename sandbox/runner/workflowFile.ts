/** What a runner reads of a workflow file. A key that it does not know is an error. */
import { parse } from "yaml";
import { z } from "zod";

const texts = z.record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean()]).transform(String),
);

const step = z.strictObject({
    name: z.string(),
    id: z.string().optional(),
    if: z.string().optional(),
    uses: z.string().optional(),
    with: texts.default({}),
    env: texts.default({}),
    run: z.string().optional(),
    "continue-on-error": z.boolean().optional(),
});
export type Step = z.output<typeof step>;

const job = z.strictObject({
    name: z.string(),
    needs: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
    if: z.string().optional(),
    "runs-on": z.string(),
    environment: z.object({ name: z.string(), url: z.string().optional() }).optional(),
    concurrency: z.unknown().optional(),
    "timeout-minutes": z.number(),
    permissions: z.record(z.string(), z.enum(["read", "write"])).default({}),
    outputs: texts.default({}),
    steps: z.array(step),
});
export type Job = z.output<typeof job>;

const file = z.strictObject({
    name: z.string(),
    on: z.record(z.string(), z.unknown()),
    permissions: z.strictObject({}), // none but those of a job
    concurrency: z.unknown(),
    defaults: z.strictObject({ run: z.strictObject({ shell: z.literal("bash") }) }),
    jobs: z.record(z.string(), job),
});

/** Reads a workflow file. @throws ZodError for one that this runner cannot run as GitHub does */
export function readWorkflow(text: string): z.output<typeof file> {
    return file.parse(parse(text));
}
