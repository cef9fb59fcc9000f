/**
 * Returns the lines that the changelog does not tell under "Changed", as sentences, in the sections
 * above the released version's.
 *
 * @param changelog the text of CHANGELOG.md.
 * @param released the version of the last release.
 */
export function untold(lines: readonly string[], changelog: string, released: string): string[] {
    const [newer = ""] = changelog.split(`\n## ${released} `, 1);
    const told = newer
        .split(/^##+ /m)
        .filter((section) => section.startsWith("Changed"))
        .join("")
        .replaceAll(/\s+/g, " ");
    return lines.filter((line) => !told.includes(`- ${line}.`));
}
