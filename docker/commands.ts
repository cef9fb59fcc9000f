import { runOptions, type ServiceContainer } from "./container.ts";

/** The command that pulls an image. */
export function pullCommand(image: string): string {
    return `docker pull ${image}`;
}

/** The command that runs an image in the background, with its port published. */
export function runCommand(image: string, port: number, container: ServiceContainer): string {
    const options = runOptions(container).map((option) => ` ${shellWord(option)}`);
    return `docker run -d -p ${String(port)}:${String(port)}${options.join("")} ${image}`;
}

function shellWord(word: string): string {
    return /^[\w./:@+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
