import { shorten, visible } from "../../../quay/api/text.ts";

/** HTML that is complete and safe. Only `html` and `styleElement` make it. */
class Html {
    readonly text: string;

    constructor(text: string) {
        this.text = text;
    }
}

export type { Html };

/** What may stand in a template; nothing is shown for undefined. */
export type Content = Html | string | number | undefined | readonly Content[];

/** Makes HTML of a template. Each value that is not HTML itself becomes text, whatever is in it. */
export function html(template: TemplateStringsArray, ...values: readonly Content[]): Html {
    return new Html(
        template.reduce((before, part, index) => before + textOf(values[index - 1]) + part),
    );
}

/** Makes the element of the program's own style: exactly that text, whose checksum allows it. */
export function styleElement(style: string): Html {
    return new Html(`<style>${style}</style>`);
}

function textOf(content: Content): string {
    if (content === undefined) return "";
    if (content instanceof Html) return content.text;
    if (typeof content === "string" || typeof content === "number") return escape(String(content));
    return content.map(textOf).join("");
}

/** How much of one text is shown, in characters: somebody else may have written a book. */
const longest = 1000;

/** Escapes a text for an element and for an attribute in quotes. */
function escape(text: string): string {
    return visible(shorten(text, longest)).replace(
        /[&<>"'`]/g,
        (one) => `&#${String(one.charCodeAt(0))};`,
    );
}
