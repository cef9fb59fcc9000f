import { type Html, html } from "./html.ts";

const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
const day = { day: "numeric", month: "long", year: "numeric" } as const;
const formats = {
    /** 27 November 2026. */
    day: format(day),
    /** 27 Nov 2026. */
    shortDate: format({ ...day, month: "short" }),
    /** 27 Nov. */
    shortDay: format({ day: "numeric", month: "short" }),
    /** 14:05. */
    clock: format({ hour: "2-digit", minute: "2-digit" }),
};

/** Formats a time (RFC 3339) in UTC; a text that is no time stays as it is. */
export function formatAs(form: keyof typeof formats, time: string): string {
    return Number.isNaN(Date.parse(time)) ? time : formats[form].format(new Date(time));
}

/** A time, as a day with a clock, or as one of them. */
export function timeElement(time: string, form: "day" | "clock" | "both" = "both"): Html {
    const text =
        form === "both"
            ? `${formatAs("shortDate", time)}, ${formatAs("clock", time)} UTC`
            : formatAs(form, time);
    return html`<time datetime="${time}">${text}</time>`;
}
