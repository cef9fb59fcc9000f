/** Draws what a program has printed, as a terminal shows it: SVG, which needs no browser. */

const columnWidth = 7.3;
const lineHeight = 18;
const margin = 20;
const top = 44;

/**
 * Draws the text. Lines without an indent are titles where there are indented ones below.
 *
 * @param command what was typed before it.
 * @param width where lines are cut, in characters.
 */
export function drawTerminal(command: string, output: string, width: number): string {
    const lines = output.split("\n").map((line) => cut(line, width));
    const height = top + (lines.length + 1) * lineHeight + margin;
    const total = Math.round(2 * margin + width * columnWidth);
    const texts = [
        drawLine(`$ ${command}`, 0, "typed"),
        ...lines.map((line, index) => drawLine(line, index + 1, classOf(line, lines[index + 1]))),
    ];
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${String(total)}" height="${String(height)}" viewBox="0 0 ${String(total)} ${String(height)}" role="img">
<title>${escape(`The output of ${command}`)}</title>
<style>
text { font: 12px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d6dde6; white-space: pre; }
.typed { fill: #8fd19e; }
.title { fill: #ffffff; font-weight: bold; }
</style>
<rect width="100%" height="100%" rx="10" fill="#161b22"/>
<circle cx="20" cy="18" r="5" fill="#3d444d"/><circle cx="38" cy="18" r="5" fill="#3d444d"/><circle cx="56" cy="18" r="5" fill="#3d444d"/>
${texts.filter((text) => text !== "").join("\n")}
</svg>
`;
}

/** Cuts a line that is too long. */
function cut(line: string, width: number): string {
    const characters = Array.from(line);
    return characters.length <= width ? line : `${characters.slice(0, width - 1).join("")}…`;
}

function classOf(line: string, next = ""): string {
    return /^\S/.test(line) && /^ {2}\S/.test(next) ? "title" : "";
}

/** Draws a line on the grid of characters, whatever the font's widths are. */
function drawLine(line: string, row: number, style: string): string {
    if (line.trim() === "") return "";
    const shown = line.trimStart();
    const x = margin + (line.length - shown.length) * columnWidth;
    const length = Array.from(shown).length * columnWidth;
    const named = style === "" ? "" : ` class="${style}"`;
    return (
        `<text${named} x="${x.toFixed(1)}" y="${String(top + (row + 1) * lineHeight - 5)}" ` +
        `textLength="${length.toFixed(1)}" lengthAdjust="spacingAndGlyphs">${escape(shown)}</text>`
    );
}

function escape(text: string): string {
    return text.replace(/[&<>]/g, (one) => `&#${String(one.charCodeAt(0))};`);
}
