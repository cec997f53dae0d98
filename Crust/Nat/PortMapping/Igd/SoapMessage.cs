using System.Globalization;
using System.Text;

namespace Crust.Nat.PortMapping.Igd;

/// <summary>An action's request and response, UPnP Device Architecture 1.1 §3. Pure.</summary>
internal static class SoapMessage
{
    private const int MaxArguments = 32;

    /// <summary>Writes a request's body. Values are ours: numbers, addresses and plain words, nothing to escape.</summary>
    internal static string Write(string serviceType, string action, params ReadOnlySpan<(string Name, string Value)> arguments)
    {
        var body = new StringBuilder();
        body.Append(
            CultureInfo.InvariantCulture,
            $"<?xml version=\"1.0\"?>\r\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body><u:{action} xmlns:u=\"{serviceType}\">");
        foreach (var (name, value) in arguments)
            body.Append(CultureInfo.InvariantCulture, $"<{name}>{value}</{name}>");
        body.Append(CultureInfo.InvariantCulture, $"</u:{action}></s:Body></s:Envelope>\r\n");
        return body.ToString();
    }

    /// <summary>Reads a response or a fault; false when it is neither.</summary>
    internal static bool TryRead(HttpResponse response, string action, out SoapAnswer answer)
    {
        var arguments = new Dictionary<string, string>(StringComparer.Ordinal);
        int? error = null;
        var words = "";
        var isOurs = false;
        var isRead = IgdXml.TryRead(
            response.Body,
            (path, text) =>
            {
                if (path is [.., "UPnPError", "errorCode"] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code))
                    error = code;
                else if (path is [.., "UPnPError", "errorDescription"])
                    words = text;
                else if (path.Count > 1 && path[^2] == action + "Response" && arguments.Count < MaxArguments)
                    arguments[path[^1]] = text;
            },
            path => isOurs |= path[^1] == action + "Response");
        answer = new SoapAnswer(error, Printable(words), arguments);
        return isRead && (error is not null || (response.Status == 200 && isOurs));
    }

    /// <summary>What may go into a log.</summary>
    private static string Printable(string text) => new([.. text.Take(80).Select(c => c is >= ' ' and <= '~' ? c : '?')]);
}
