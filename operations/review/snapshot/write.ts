import { z } from "zod";
import { UserError } from "../../../components/messages/userError.ts";
import { valueAt } from "../../../configuration/error.ts";
import { exportStack, readConfig } from "../../pulumiCli.ts";
import { previewStack } from "../engine.ts";
import type { Preview, Value } from "../preview.ts";
import { failureOf } from "../review.ts";
import { knownSecrets } from "../secrets.ts";
import { SnapshotBackend } from "./backend.ts";
import { findComputed, inJson } from "./computed.ts";
import { nameOf, secretsInFile } from "./configuration.ts";
import { replaceSecrets, secretLeaves } from "./leaves.ts";
import { Marks } from "./marks.ts";
import { previewOn } from "./preview.ts";

const resource = z
    .object({ urn: z.string(), inputs: z.json().default({}), outputs: z.json().default({}) })
    .catchall(z.json());
const deployment = z
    .object({
        resources: z.array(resource).default([]),
        pending_operations: z.array(z.object({ resource }).catchall(z.json())).default([]),
    })
    .catchall(z.json());
const stateSchema = z.object({ deployment }).catchall(z.json());
type State = z.output<typeof stateSchema>;
type Resource = z.output<typeof resource>;

/** Of secrets that are made of secrets that are made of others, a pass has one more right. */
const mostPasses = 4;

/**
 * Writes the snapshot of a stack: its state, with a mark in the place of each secret. Runs the
 * program on it, and has what it computes from marks stand for the secrets that it computes, such
 * as a Docker configuration: then a preview on the snapshot shows no change where there is none.
 *
 * @param folder of all snapshots; this one replaces FOLDER/STACK.
 * @throws UserError where there is no such stack, or its preview fails: the former snapshot stays.
 * Or where the program fails on the snapshot: nobody can preview on that.
 */
export async function writeSnapshot(stack: string, folder: string): Promise<void> {
    const [exported, secrets, preview] = await Promise.all([
        exportStack(stack, ["--show-secrets"]),
        readSecrets(stack),
        previewStack(stack),
    ]);
    if (exported === undefined) throw new UserError(`The stack "${stack}" does not exist yet.`);
    const failure = failureOf([preview]);
    if (failure !== undefined)
        throw new UserError([failure, "No snapshot was written.", ...preview.errors].join("\n"));
    const state = stateSchema.parse(JSON.parse(exported));
    const marks = marksOf(state, secrets);
    const snapshot = new SnapshotBackend(stack, folder);
    await snapshot.create();
    await snapshot.add(
        Object.fromEntries(secrets.map(({ name, text }) => [name, String(marks.of("", text))])),
    );
    const hidden = [...knownSecrets(process.env), ...rootSecrets(state, secrets, marks)];
    const changing = new Set(preview.changes.map(({ urn }) => urn));
    const unchanged = new Map(
        state.deployment.resources
            .filter(({ urn }) => !changing.has(urn))
            .map((resource) => [resource.urn, resource]),
    );
    for (let pass = 0; pass < mostPasses; pass += 1) {
        await snapshot.import(withMarks(state, marks));
        const { preview, planned } = await previewOn(snapshot);
        if (failureOf([preview]) !== undefined) throw new UserError(failedOn(preview));
        const computed = findComputed(marks, unchanged, planned, hidden);
        if (computed.length === 0) return;
        for (const { urn, secret, leaf } of computed) marks.compute(urn, secret, leaf);
    }
}

function failedOn({ stack, errors }: Preview): string {
    const problem = `The program fails on the snapshot of ${stack}, where secrets are other texts.`;
    return [problem, ...errors].join("\n");
}

/** Shorter ones are in other texts by chance. */
const shortest = 8;

/**
 * Returns the secrets that the program cannot make: those of the configuration, and what a provider
 * has made. It may read them elsewhere, where it has the tokens of a deployment. Leaves out what
 * the state has in clear, too, such as a robot's name.
 */
function rootSecrets(state: State, secrets: readonly ConfigSecret[], marks: Marks): string[] {
    const made = state.deployment.resources.flatMap(({ custom, inputs, outputs }) => {
        const given = new Set(secretLeaves(inputs).values());
        return custom !== true
            ? []
            : [...secretLeaves(outputs).values()].filter((leaf) => !given.has(leaf));
    });
    const clear = JSON.stringify(withMarks(state, marks));
    return [...secrets.map(({ text }) => text), ...made]
        .filter((leaf) => typeof leaf === "string")
        .filter((text) => text.length >= shortest && !clear.includes(inJson(text)));
}

/** A secret of the configuration. */
interface ConfigSecret {
    /** Its name in the snapshot. */
    readonly name: string;
    readonly text: string;
    /** Where it is. Sorts before all resources: what is made of it has its mark. */
    readonly origin: string;
}

async function readSecrets(stack: string): Promise<ConfigSecret[]> {
    const secrets = secretsInFile(stack);
    if (secrets.length === 0) return [];
    const config = await readConfig(stack, ["--show-secrets"]);
    return secrets.flatMap(({ path, cipher }) => {
        const [key = "", ...inner] = path.map(String);
        const value = config[key.includes(":") ? key : `mlops:${key}`];
        if (value === undefined) return [];
        const text = inner.length === 0 ? value : valueAt(JSON.parse(value), inner);
        // YAML may have put it elsewhere (`<<`): then it has the mark of one that is not known.
        if (typeof text !== "string") return [];
        return [{ name: nameOf(cipher), text, origin: ` ${path.join(".")}` }];
    });
}

function marksOf({ deployment }: State, secrets: readonly ConfigSecret[]): Marks {
    const marks = new Marks();
    for (const { text, origin } of secrets) marks.add(text, origin);
    for (const resource of deployment.resources)
        for (const [path, leaf] of secretLeaves(resource)) marks.add(leaf, resource.urn + path);
    return marks;
}

function withMarks({ deployment, ...others }: State, marks: Marks): Record<string, Value> {
    const { resources, pending_operations: pending, ...rest } = deployment;
    const marked = (resource: Resource): Value =>
        replaceSecrets(resource, (leaf) => marks.of(resource.urn, leaf));
    return {
        ...others,
        deployment: {
            ...rest,
            resources: resources.map(marked),
            pending_operations: pending.map((operation) => ({
                ...operation,
                resource: marked(operation.resource),
            })),
        },
    };
}
