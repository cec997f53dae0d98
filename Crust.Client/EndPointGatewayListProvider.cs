using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Orleans.Messaging;

namespace Crust.Client;

/// <summary>
/// Tells Orleans where the silos' gateways are: the configured <c>HOST:PORT</c> texts, resolved anew at each refresh. The built-in static list takes
/// numeric addresses alone, and keeps them for ever.
/// </summary>
internal sealed class EndPointGatewayListProvider(IReadOnlyList<string> endPoints, TimeSpan refreshPeriod, ILogger logger) : IGatewayListProvider
{
    /// <inheritdoc/>
    public TimeSpan MaxStaleness => refreshPeriod;

    /// <inheritdoc/>
    public bool IsUpdatable => true;

    /// <inheritdoc/>
    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task<IList<Uri>> GetGateways()
    {
        var found = new List<Uri>();
        foreach (var text in endPoints)
        {
            if (!TrySplit(text, out var host, out var port))
                continue;
            try
            {
                var addresses = IPAddress.TryParse(host, out var numeric) ? [numeric] : await Dns.GetHostAddressesAsync(host).ConfigureAwait(false);
                found.AddRange(addresses.Select(address => new Uri($"gwy.tcp://{new IPEndPoint(address, port)}/0")));
            }
            catch (SocketException e)
            {
                Log.NameNotResolved(logger, text, e.SocketErrorCode);
            }
        }

        return found;
    }

    /// <summary>Splits <c>HOST:PORT</c>, where an IPv6 host stands in brackets.</summary>
    internal static bool TrySplit(string text, out string host, out int port)
    {
        var colon = text.LastIndexOf(':');
        host = colon > 0 ? text[..colon].Trim('[', ']') : "";
        port = 0;
        return host.Length > 0 && ushort.TryParse(text.AsSpan(colon + 1), out var number) && (port = number) != 0;
    }
}
