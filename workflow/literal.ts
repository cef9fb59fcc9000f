/** A name as a filter pattern of GitHub's that matches it alone: `+`, `!` and the like mean something there. */
export function literal(name: string): string {
    return name.replace(/[*?+[\]!\\]/g, "\\$&");
}
