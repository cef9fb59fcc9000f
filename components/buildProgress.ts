import * as pulumi from "@pulumi/pulumi";
import { followBuildLog } from "./docker/buildLog.ts";

/** A build to report. */
export interface Build {
    /** The component whose row in the engine's output shows the steps. */
    readonly component: pulumi.Resource;
    /** The resource that builds the image. */
    readonly image: pulumi.CustomResource;
    /** The file that BuildKit writes its log to. */
    readonly log: string;
    /** How many minutes the resource may take. */
    readonly timeout: number;
    /** Whether the image is pushed to its registry once it is built. */
    readonly isPushed: boolean;
}

/** Seconds before the time-out at which it is explained: once the build failed, the program is ended. */
const notice = 5;

/**
 * Reports what a build is doing while the engine waits for it: each step, where the log is, and why
 * it ended where it took too long. A step's message is ephemeral: the display shows it when it
 * comes, and does not repeat it at the end.
 */
export function reportBuild({ component, image, log, timeout, isPushed }: Build): void {
    if (pulumi.runtime.isDryRun()) return;
    let explanation: NodeJS.Timeout | undefined;
    const explain = (): void => {
        void pulumi.log.warn(explainTimeout(timeout, log), component);
    };
    const tell = (message: string): void => {
        void pulumi.log.info(message, component, undefined, true);
    };
    const stop = followBuildLog(log, {
        onStart: () => {
            void pulumi.log.info(`The log of the build: ${log}`, component);
            explanation = setTimeout(explain, (timeout * 60 - notice) * 1000);
            explanation.unref();
        },
        onStep: tell,
        onEnd: () => {
            if (isPushed) tell("pushing the image");
        },
    });
    image.id.apply(() => {
        stop();
        clearTimeout(explanation);
    });
}

function explainTimeout(minutes: number, log: string): string {
    const longer = `pulumi config set --path mlops:service.buildTimeout ${String(minutes * 2)}`;
    return (
        `The build takes longer than mlops:service.buildTimeout allows and is ended: ` +
        `${String(minutes)} minutes. How far it came: ${log}\n` +
        `Give it more time: ${longer} -s ${pulumi.getStack()}\n` +
        "Steps that were done are kept, and the next up goes on after them. What a step downloads is " +
        "kept too with a cache, as in\n" +
        "  RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt"
    );
}
