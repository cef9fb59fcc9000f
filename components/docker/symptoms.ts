/** What may fix a service that failed, from its output. */
import { setCommand } from "../messages/shell.ts";

/** How a container ended, and what it printed. */
export interface Ending {
    readonly output: string;
    readonly isOutOfMemory: boolean;
    readonly exitCode: number;
    /** Whether its HEALTHCHECK is the reason that it is unhealthy. Default: false. */
    readonly isUnhealthy?: boolean;
}

/** Patterns in a failed service's output, each with the setting that may fix the cause. */
const symptoms: readonly [symptom: RegExp, hint: () => string][] = [
    [
        /failed to map segment|\/tmp\/\S*.*(Operation not permitted|Permission denied)/i,
        () =>
            "Nothing can be loaded or run from /tmp; this allows it: " +
            setCommand("mlops:container.tmp.exec", "true"),
    ],
    [
        /Read-only file system|Errno 30\b|EROFS/i,
        () =>
            "The root file system is read-only. Write to /tmp, or name the folder: " +
            setCommand("mlops:container.writable[0]", "FOLDER"),
    ],
    [
        /\/dev\/shm|Bus error|shared memory|\bshm\b/i,
        () =>
            "Shared memory is limited; this gives more, in MiB: " +
            setCommand("mlops:container.shm", "512"),
    ],
    [
        /No space left on device|Errno 28\b|ENOSPC/i,
        () =>
            "A file system is full. Where it is /tmp, this gives it more, in MiB of memory: " +
            setCommand("mlops:container.tmp.size", "512"),
    ],
    [
        new RegExp(
            "(bind|listen|port|address|socket)\\b.*(Permission denied|EACCES|Errno 13)|" +
                "(Permission denied|EACCES|Errno 13\\b).*(bind|listen|port|address|socket)",
            "i",
        ),
        () =>
            "A port below 1024 needs root on some engines: have the service listen on one from " +
            "1024 up, as PORT names it, and set mlops:service.port",
    ],
    [
        /exec format error/i,
        () =>
            "The image is for another kind of processor: " +
            setCommand("mlops:service.platform", "linux/amd64"),
    ],
];

/** Returns the settings that may fix a failed service, from its output and exit code. */
export function hintsFor({
    output,
    isOutOfMemory,
    exitCode,
    isUnhealthy = false,
}: Ending): string[] {
    const hints = symptoms.filter(([symptom]) => symptom.test(output)).map(([, hint]) => hint());
    if (isOutOfMemory || exitCode === 137) {
        hints.unshift(
            "It was killed, mostly for using more memory than it may; this gives more, in MiB: " +
                setCommand("mlops:local.memory", "2048"),
        );
    }
    if (isUnhealthy) {
        hints.push(
            "Where the HEALTHCHECK itself is wrong, this asks the service instead: " +
                setCommand("mlops:service.healthPath", "/PATH"),
        );
    }
    return hints;
}
