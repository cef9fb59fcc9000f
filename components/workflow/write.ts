import { Document, isMap, isScalar } from "yaml";
import type { Action } from "./actions.ts";

/** A step of a job: an action, or a script. */
export interface Step {
    readonly name: string;
    /** A comment of one line above the step. Default: none. */
    readonly comment?: string;
    readonly id?: string;
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
    readonly if: string;
    readonly "runs-on": string;
    readonly "timeout-minutes": number;
    readonly environment?: { readonly name: string; readonly url: string };
    readonly permissions: Readonly<Record<string, Permission>>;
    readonly steps: readonly Step[];
}

/** A GitHub workflow with one job. */
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
    readonly jobId: string;
    readonly job: Job;
}

/**
 * Returns the workflow as YAML, after a header of comment lines. Equal workflows give equal bytes.
 */
export function writeYaml(workflow: Workflow, header: readonly string[]): string {
    const { jobId, job } = workflow;
    const document = new Document(
        {
            name: workflow.name,
            on: { ...workflow.on, workflow_dispatch: null },
            permissions: {},
            concurrency: { group: workflow.concurrency, "cancel-in-progress": false },
            defaults: { run: { shell: "bash" } },
            jobs: {
                [jobId]: {
                    ...job,
                    permissions: Object.fromEntries(
                        Object.entries(job.permissions).map(([scope, { access }]) => [
                            scope,
                            access,
                        ]),
                    ),
                    steps: job.steps.map((step) => ({
                        ...step,
                        comment: undefined,
                        ...(step.uses !== undefined && { uses: reference(step.uses) }),
                    })),
                },
            },
        },
        { aliasDuplicateObjects: false },
    );
    document.commentBefore = header.map((line) => ` ${line}`).join("\n");
    const comment = (path: readonly (string | number)[], text: string): void => {
        const node = document.getIn(path, true);
        if (isScalar(node)) node.comment = ` ${text}`;
    };
    comment(["on", "workflow_dispatch"], "only if this file is on the default branch");
    comment(["concurrency", "cancel-in-progress"], "never cancels a running job");
    for (const [scope, { why }] of Object.entries(job.permissions))
        comment(["jobs", jobId, "permissions", scope], why);
    for (const [index, { uses, comment: above }] of job.steps.entries()) {
        const path = ["jobs", jobId, "steps", index];
        if (uses !== undefined) comment([...path, "uses"], uses.release);
        const step = document.getIn(path, true);
        if (above !== undefined && isMap(step)) step.commentBefore = ` ${above}`;
    }
    return document.toString({ lineWidth: 0, nullStr: "" });
}

function reference({ repository, commit }: Action): string {
    return `${repository}@${commit}`;
}
