/** The command that pulls an image. */
export function pullCommand(image: string): string {
    return `docker pull ${image}`;
}

/** The variables that a service needs, as `docker run` takes them: with a value, or from the environment of whoever runs it. */
export type RunVariables = Readonly<Record<string, string | undefined>>;

/** The command that runs an image in the background, with its port published. */
export function runCommand(image: string, port: number, variables: RunVariables): string {
    const options = Object.entries(variables).map(
        ([name, value]) => ` -e ${name}${value === undefined ? "" : `=${shellWord(value)}`}`,
    );
    return `docker run -d -p ${String(port)}:${String(port)}${options.join("")} ${image}`;
}

function shellWord(word: string): string {
    return /^[\w./:@+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
