using Microsoft.Extensions.Logging;

namespace Crust.Gateway.Commands;

/// <summary>Logs of a command go to the error stream: standard output belongs to its events.</summary>
internal static class ConsoleLogging
{
    internal static ILoggerFactory Create(bool verbose) => LoggerFactory.Create(logging =>
    {
        logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            // Whoever asks for so much wants to know when.
            console.TimestampFormat = verbose ? "HH:mm:ss.fff " : null;
        });
        logging.SetMinimumLevel(verbose ? LogLevel.Debug : LogLevel.Error);
        // Orleans tells every lost connection as an error; the gateway's own words say it once.
        logging.AddFilter("Orleans", verbose ? LogLevel.Warning : LogLevel.None);
        // So does the host around its client when a command ends while that still connects.
        logging.AddFilter("Microsoft.Extensions.Hosting", verbose ? LogLevel.Warning : LogLevel.None);
    });
}
