/** Returns the name of a service: svc-001, svc-002, … */
export function serviceName(i: number): string {
    return `svc-${String(i).padStart(3, "0")}`;
}
