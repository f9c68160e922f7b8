/**
 * Runs once in each runtime, before a started server gets its first request. Errors in the environment
 * are reported now instead of to the first client, above all a missing source of the clients'
 * addresses. Next would start without this check and answer every request with 500.
 */
export async function register(): Promise<void> {
  if (process.env["NEXT_RUNTIME"] === "nodejs") {
    // Loaded only in Node: a bundle for the edge must not contain code that ends a process.
    const { checkEnvironment } = await import("#app/_domain/start");
    checkEnvironment();
  }
  if (process.env["OTEL_EXPORTER_OTLP_ENDPOINT"]) await sendTelemetry();
}

/**
 * Loads and starts the code that sends traces and metrics. When it cannot run, as in a Worker, the app
 * runs without it.
 */
async function sendTelemetry(): Promise<void> {
  try {
    const { startTelemetry } = await import("#app/_domain/telemetry");
    startTelemetry();
  } catch (error) {
    const reason = error instanceof Error ? error.message : typeof error;
    console.warn(`warning  No traces and metrics are sent: OpenTelemetry did not start. ${reason}`);
  }
}
