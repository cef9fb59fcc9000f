/** What each picture in docs/pictures/ is made of. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { renderPage } from "../../operations/board/page/page.ts";
import { renderText } from "../../operations/board/render.ts";
import type { Row } from "../../operations/board/row.ts";
import { renderMarkdown } from "../../operations/review/markdown.ts";
import { shown } from "../unit/operations/review/previews.ts";
import { commentPage } from "./comment.ts";
import { delivery, now } from "../unit/operations/board/rows.ts";
import { drawTerminal } from "./terminal.ts";

/** A page that a browser takes a picture of, in PNG. */
export interface PagePicture {
    readonly html: string;
    readonly scheme: "light" | "dark";
    /** In pixels. Without a height, the picture has the whole page. */
    readonly width: number;
    readonly height?: number;
}

/** The recorded output of `make demo`. */
export const demoFile = join(import.meta.dirname, "demo.txt");

const board = { html: renderPage(delivery, now, "digits"), width: 1280, height: 1180 };

/** The pictures in PNG, by the names of their files. */
export const pagePictures: Readonly<Record<string, PagePicture>> = {
    "board-light.png": { ...board, scheme: "light" },
    "board-dark.png": { ...board, scheme: "dark" },
    "comment.png": {
        html: commentPage(renderMarkdown(Object.values(shown))),
        scheme: "light",
        width: 860,
    },
};

/** The checksums of what these are made of, by the names of the files. */
export function checksums(): Record<string, string> {
    return Object.fromEntries(
        Object.entries(pagePictures).map(([name, picture]) => [
            name,
            createHash("sha256").update(JSON.stringify(picture)).digest("hex"),
        ]),
    );
}

/** Draws the pictures in SVG, by the names of their files. */
export function drawings(): Record<string, string> {
    const rows = delivery.map((row) => withoutServices(row));
    return {
        "board.svg": drawTerminal("make board ARGS=--drift", renderText(rows, now), 140),
        "demo.svg": drawTerminal("make demo", readFileSync(demoFile, "utf8").trim(), 130),
    };
}

/** A row without what runs on a cluster: a terminal that has room for that is too wide here. */
function withoutServices(row: Row): Row {
    const { services, ...others } = row;
    return services === undefined ? row : others;
}
