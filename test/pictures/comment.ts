/** The review's comment on a page that looks as GitHub shows it. */
import MarkdownIt from "markdown-it";

const style = `
body { margin: 0; padding: 16px; background: #ffffff; }
.comment { border: 1px solid #d1d9e0; border-radius: 6px; }
.by { padding: 10px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0;
    border-radius: 6px 6px 0 0; color: #59636e; font-size: 14px; }
.by strong { color: #1f2328; }
.body { padding: 16px; }
body { color: #1f2328; font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial,
    sans-serif; }
h3 { font-size: 1.25em; margin: 0 0 16px; } h4 { font-size: 1em; margin: 24px 0 16px; }
p, ul, table, blockquote, details { margin: 0 0 12px; }
code { padding: 0.2em 0.4em; background: #818b981f; border-radius: 6px;
    font: 85% ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
h3 code, h4 code { padding: 0 0.2em; font-size: inherit; font-weight: 600; }
table { border-collapse: collapse; }
th, td { padding: 6px 13px; border: 1px solid #d1d9e0; }
tr:nth-child(2n) { background: #f6f8fa; }
ul { padding-left: 2em; } li + li { margin-top: 0.25em; }
blockquote { padding: 8px 16px; border-left: 4px solid #d1242f; }
blockquote p { margin: 0; }
.caution { color: #d1242f; font-weight: 500; }
.dot { display: inline-block; width: 0.75em; height: 0.75em; border-radius: 50%; }
`;

/** Signs that not every machine has a font for. */
const dots = { "🔴": "#d1242f", "🟡": "#d4a72c", "⚪": "#d1d9e0" };

/** Renders a comment's Markdown. */
export function commentPage(markdown: string): string {
    const rendered = new MarkdownIt({ html: true })
        .render(markdown)
        .replace(/\[!CAUTION\]/, '<span class="caution">⚠ Caution</span><br>')
        .replace(
            /🔴|🟡|⚪/gu,
            (sign) => `<span class="dot" style="background: ${colorOf(sign)}"></span>`,
        );
    return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>The review's comment</title><style>${style}</style>
<body><div class="comment"><div class="by"><strong>github-actions</strong> commented</div>
<div class="body">
${rendered}</div></div></body></html>
`;
}

function colorOf(sign: string): string {
    return Object.entries(dots).find(([one]) => one === sign)?.[1] ?? "none";
}
