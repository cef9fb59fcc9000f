/** Fits much text in little room, line by line. */

/** How much room each gets of what there is: as much as it needs, and where that is too much, as much as any other that needs more. */
export function share(needs: readonly number[], room: number): number[] {
    const shares = needs.map(() => 0);
    let left = Math.max(0, room);
    const byNeed = [...needs.entries()].sort(([, a], [, b]) => a - b);
    for (const [position, [index, need]] of byNeed.entries()) {
        const share = Math.min(need, Math.floor(left / (byNeed.length - position)));
        shares[index] = share;
        left -= share;
    }
    return shares;
}

/** How much room lines need, each with its line end. */
export function sizeOf(lines: readonly string[]): number {
    return lines.reduce((size, line) => size + line.length + 1, 0);
}

/** The first lines that fit in the room, whole ones only, and how many are left. */
export function cut(
    lines: readonly string[],
    room: number,
): { readonly lines: readonly string[]; readonly left: number } {
    let used = 0;
    const end = lines.findIndex((line) => (used += line.length + 1) > room);
    return end === -1
        ? { lines, left: 0 }
        : { lines: lines.slice(0, end), left: lines.length - end };
}
