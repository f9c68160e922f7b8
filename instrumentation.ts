/**
 * Runs once in each runtime, before the first request of a started server. What is wrong with the
 * environment is said now, and not to the first client; above all that nothing says where clients'
 * addresses come from. Next itself would go on, and answer every request with 500.
 */
export async function register(): Promise<void> {
  if (process.env["NEXT_RUNTIME"] === "nodejs") {
    // Loaded in Node alone: what ends a process may not be in a bundle for the edge.
    const { checkEnvironment } = await import("#app/_domain/start");
    checkEnvironment();
  }
  if (process.env["OTEL_EXPORTER_OTLP_ENDPOINT"]) await sendTelemetry();
}

/** Loads and starts what sends traces and metrics. Where it cannot run, as in a Worker, the app runs without. */
async function sendTelemetry(): Promise<void> {
  try {
    const { startTelemetry } = await import("#app/_domain/telemetry");
    startTelemetry();
  } catch (error) {
    const reason = error instanceof Error ? error.message : typeof error;
    console.warn(`warning  No traces and metrics are sent: OpenTelemetry did not start. ${reason}`);
  }
}
