using System.Net;
using System.Net.Sockets;

namespace Crust.Silo.Hosting;

/// <summary>Ports that are free now. Orleans has no "any port" of its own, and its error for a used one is a page long.</summary>
internal static class SiloPorts
{
    /// <summary>The port itself, or any free one for 0.</summary>
    /// <exception cref="SiloStartException">The port is in use or not allowed; the message says what it was wanted for.</exception>
    internal static int Take(IPAddress address, int port, string purpose)
    {
        using var listener = new TcpListener(address, port);
        try
        {
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException e)
        {
            throw new SiloStartException(
                e.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? $"The {purpose} port {port} on {address} is in use."
                    : $"The {purpose} port {port} on {address} cannot be used: {e.Message}",
                e);
        }
    }
}
