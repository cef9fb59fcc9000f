import { shellWord } from "../messages/shell.ts";
import { runOptions, type ServiceContainer } from "./serviceContainer.ts";

/** Returns the command that pulls an image. */
export function pullCommand(image: string): string {
    return `docker pull ${shellWord(image)}`;
}

/** Returns the command that runs an image in the background, with its port published. */
export function runCommand(
    image: string,
    container: ServiceContainer & { readonly port: number },
): string {
    const port = String(container.port);
    const options = runOptions(container).map((option) => ` ${shellWord(option)}`);
    return `docker run -d -p ${port}:${port}${options.join("")} ${shellWord(image)}`;
}
