/** Says in one line why a stand-in could not be started. */
export function fail(error: unknown): void {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(
        isTaken ? `--port: the port is in use (${message}). Name another.\n` : `${message}\n`,
    );
    process.exitCode = 1;
}
