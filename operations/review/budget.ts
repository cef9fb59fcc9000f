/** Cuts text to a limited size, line by line. */

/** Divides the room among the needs: each gets what it needs, or an equal share if that is less. */
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

/** The size of lines in characters, line ends included. */
export function sizeOf(lines: readonly string[]): number {
    return lines.reduce((size, line) => size + line.length + 1, 0);
}

/** Returns the first whole lines that fit, and the number of lines left out. */
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
