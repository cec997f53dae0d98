namespace Crust.Session.Driver;

/// <summary>A direction of a stream ended before its time. The root turns it into the public exception.</summary>
internal sealed class StreamBrokenException(string message, int code) : IOException(message)
{
    /// <summary>The application's code.</summary>
    internal int Code { get; } = code;
}
