import * as pulumi from "@pulumi/pulumi";
import { followBuildLog } from "./docker/buildLog.ts";
import { setCommand } from "./messages/shell.ts";

/** A build whose progress is reported. */
export interface Build {
    /** The component whose row in Pulumi's display shows the steps. */
    readonly component: pulumi.Resource;
    /** The resource that builds the image. */
    readonly image: pulumi.CustomResource;
    /** Its inputs: the engine starts the build, and its time-out, when they are known. */
    readonly inputs: pulumi.Output<unknown>;
    /** The file that BuildKit writes its log to. */
    readonly log: string;
    /** The resource's time-out, in minutes. */
    readonly timeout: number;
    /** Whether the image is pushed to its registry after the build. */
    readonly isPushed: boolean;
}

/**
 * How many seconds before the time-out the explanation is logged. It has to be before: a failed
 * build ends the program.
 */
const warningLead = 5;

/**
 * Reports the progress of a build while the engine waits for it: each step, the log's path, and an
 * explanation shortly before the time-out. A step's message is ephemeral: the display shows it once
 * and does not repeat it at the end. Does nothing in a preview.
 */
export function reportBuild(build: Build): void {
    const { component, image, inputs, log, timeout, isPushed } = build;
    if (pulumi.runtime.isDryRun()) return;
    let explanation: NodeJS.Timeout | undefined;
    const explain = (): void => {
        void pulumi.log.warn(explainTimeout(timeout, log), component);
    };
    const showStep = (message: string): void => {
        void pulumi.log.info(message, component, undefined, true);
    };
    const stop = followBuildLog(log, {
        onStart: () => {
            void pulumi.log.info(`The log of the build: ${log}`, component);
        },
        onStep: showStep,
        onEnd: () => {
            if (isPushed) showStep("pushing the image");
        },
    });
    inputs.apply(() => {
        explanation = setTimeout(explain, (timeout * 60 - warningLead) * 1000).unref();
    });
    image.id.apply(() => {
        stop();
        clearTimeout(explanation);
    });
}

function explainTimeout(minutes: number, log: string): string {
    const setting = "mlops:service.buildTimeout";
    return (
        `The build takes longer than ${setting} allows and is ended: ` +
        `${String(minutes)} minutes. How far it came: ${log}\n` +
        `Give it more time: ${setCommand(setting, String(minutes * 2))}\n` +
        "Steps that were done are kept, and the next up goes on after them. What a step " +
        "downloads is kept too with a cache, as in\n" +
        "  RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt"
    );
}
