/**
 * A value that a preview may not know yet, or not all of it. What is unknown passes every test:
 * `up` checks again, with all values.
 */
export class KnownValue {
    readonly #value: unknown;
    readonly #unknown: unknown;

    /** @param unknown what stands for an unknown value, wherever it is in the value. */
    constructor(value: unknown, unknown: unknown) {
        this.#value = value;
        this.#unknown = unknown;
    }

    /** Returns the value at a path such as `spec.template`; an absent one where there is none. */
    at(path: string): KnownValue {
        return path.split(".").reduce<KnownValue>((value, key) => value.property(key), this);
    }

    /** Returns the value of a property, whose name may have dots. */
    property(name: string): KnownValue {
        return new KnownValue(this.#property(name), this.#unknown);
    }

    /** Returns the known items of a list; none where there is no list. */
    items(): KnownValue[] {
        const items: unknown[] = Array.isArray(this.#value) ? this.#value : [];
        return items
            .filter((item) => item !== this.#unknown)
            .map((item) => new KnownValue(item, this.#unknown));
    }

    /** Returns the known properties of an object; none where there is no object. */
    entries(): [name: string, value: unknown][] {
        if (this.#isUnknown || typeof this.#value !== "object" || this.#value === null) return [];
        return Object.entries(this.#value).filter(([, value]) => value !== this.#unknown);
    }

    /** Returns a known text; undefined where there is none. */
    get text(): string | undefined {
        return this.#isUnknown || typeof this.#value !== "string" ? undefined : this.#value;
    }

    /** Whether the value is unknown, or one of these. `undefined` stands for an absent one. */
    isOneOf(...allowed: readonly unknown[]): boolean {
        return this.passes((value) => allowed.includes(value));
    }

    /** Whether the value is unknown, or is there. */
    get isPresent(): boolean {
        return this.passes((value) => value !== undefined);
    }

    /** Whether neither the value nor an item of it is unknown. */
    get isKnown(): boolean {
        const hasUnknown = Array.isArray(this.#value) && this.#value.includes(this.#unknown);
        return !this.#isUnknown && !hasUnknown;
    }

    /** Whether the value, or an item of it, is unknown, or it passes a test. `null` is absent. */
    passes(test: (value: unknown) => boolean): boolean {
        return !this.isKnown || test(this.#value ?? undefined);
    }

    get #isUnknown(): boolean {
        return this.#value === this.#unknown;
    }

    #property(name: string): unknown {
        const value = this.#value;
        if (this.#isUnknown || value === undefined || value === null) return value;
        // A text or number in place of an object is a secret, or an error that the cluster reports.
        if (typeof value !== "object") return this.#unknown;
        return Object.entries(value).find(([key]) => key === name)?.[1];
    }
}
