import { Document, isMap, isScalar } from "yaml";
import type { Action } from "./actions.ts";

/** A step of a job: an action, or a script. */
export interface Step {
    readonly name: string;
    /** A comment of one line above the step. Default: none. */
    readonly comment?: string;
    readonly id?: string;
    /** What to do where the step fails without a message of its own. Default: read its output. */
    readonly ifFails?: string;
    readonly if?: string;
    readonly uses?: Action;
    readonly with?: Readonly<Record<string, string | number | boolean>>;
    /** The script's values. An expression inside of the script would be run as code. */
    readonly env?: Readonly<Record<string, string>>;
    readonly run?: string;
}

/** A permission of the job's token, and a comment that says what it is for. */
export interface Permission {
    readonly access: "read" | "write";
    readonly why: string;
}

export interface Job {
    readonly name: string;
    /** The ids of the jobs that have to end before. Default: none. */
    readonly needs?: readonly string[];
    readonly if?: string;
    readonly "runs-on": string;
    readonly "timeout-minutes": number;
    readonly environment?: { readonly name: string; readonly url: string };
    readonly permissions: Readonly<Record<string, Permission>>;
    /** What other jobs read of this one. Default: nothing. */
    readonly outputs?: Readonly<Record<string, string>>;
    readonly steps: readonly Step[];
}

/** A GitHub workflow. */
export interface Workflow {
    readonly name: string;
    readonly on: {
        readonly push: {
            readonly branches: readonly string[];
            readonly tags?: readonly string[];
            readonly paths?: readonly string[];
            readonly "paths-ignore"?: readonly string[];
        };
    };
    readonly concurrency: string;
    /**
     * What a newer run of the group does: it `replaces` the older one, which ends; it `waits`, and
     * replaces one that waits; or it `queues` behind those that wait
     * (https://docs.github.com/en/actions/concepts/workflows-and-actions/concurrency).
     */
    readonly next: "replaces" | "waits" | "queues";
    /** Its jobs by id, in the order of the file. */
    readonly jobs: Readonly<Record<string, Job>>;
}

/**
 * Returns the workflow as YAML, after a header of comment lines. Equal workflows give equal bytes.
 */
export function writeYaml(workflow: Workflow, header: readonly string[]): string {
    const document = new Document(
        {
            name: workflow.name,
            on: { ...workflow.on, workflow_dispatch: null },
            permissions: {},
            concurrency: {
                group: workflow.concurrency,
                "cancel-in-progress": workflow.next === "replaces",
                ...(workflow.next === "queues" && { queue: "max" }),
            },
            defaults: { run: { shell: "bash" } },
            jobs: Object.fromEntries(
                Object.entries(workflow.jobs).map(([id, job]) => [id, withoutComments(job)]),
            ),
        },
        { aliasDuplicateObjects: false },
    );
    document.commentBefore = header.map((line) => ` ${line}`).join("\n");
    const comment = (path: readonly (string | number)[], text: string): void => {
        const node = document.getIn(path, true);
        if (isScalar(node)) node.comment = ` ${text}`;
    };
    comment(["on", "workflow_dispatch"], "only if this file is on the default branch");
    comment(
        ["concurrency", "cancel-in-progress"],
        workflow.next === "replaces"
            ? "a newer release does not wait for one that nobody approves"
            : "never cancels a running job",
    );
    for (const [id, { permissions, steps }] of Object.entries(workflow.jobs)) {
        for (const [scope, { why }] of Object.entries(permissions))
            comment(["jobs", id, "permissions", scope], why);
        for (const [index, { uses, comment: above }] of steps.entries()) {
            const path = ["jobs", id, "steps", index];
            if (uses !== undefined) comment([...path, "uses"], uses.release);
            const step = document.getIn(path, true);
            if (above !== undefined && isMap(step)) step.commentBefore = ` ${above}`;
        }
    }
    return document.toString({ lineWidth: 0, nullStr: "" });
}

/** Returns a job as the file has it, before its comments are added. */
function withoutComments(job: Job): Readonly<Record<string, unknown>> {
    return {
        ...job,
        permissions: Object.fromEntries(
            Object.entries(job.permissions).map(([scope, { access }]) => [scope, access]),
        ),
        steps: job.steps.map((step) => ({
            ...step,
            comment: undefined,
            ifFails: undefined,
            ...(step.uses !== undefined && { uses: reference(step.uses) }),
        })),
    };
}

function reference({ repository, commit }: Action): string {
    return `${repository}@${commit}`;
}
