using System.Net;
using Crust.Tests.NatLab;
using Crust.Udp;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// Two hosts (network namespaces) on a cable whose interfaces cannot segment UDP: what a train of datagrams costs where the kernel must take it apart
/// itself. Sockets are bound there; everything else stays in this process. Linux, root, iproute2 and ethtool.
/// </summary>
internal sealed class SegmentationLab : IDisposable
{
    private readonly NetworkNamespace _sender = new("sender");
    private readonly NetworkNamespace _receiver;

    internal SegmentationLab()
    {
        _receiver = new NetworkNamespace("receiver");
        try
        {
            Veth.Connect(_sender, "eth0", _receiver, "eth0").WithAddresses(SenderAddress, ReceiverAddress, 24).WithFeature("tx-udp-segmentation", false);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why it cannot be built here; null when it can.</summary>
    internal static string? Obstacle =>
        NetworkNamespace.Obstacle ?? (File.Exists(SystemCommand.Find("ethtool")) ? null : "ethtool is not installed: ./test.sh --install brings it");

    // For documentation (RFC 5737): they are nobody's.
    internal static IPAddress SenderAddress { get; } = IPAddress.Parse("192.0.2.1");

    internal static IPAddress ReceiverAddress { get; } = IPAddress.Parse("192.0.2.2");

    /// <summary>Binds a socket at the sender's host.</summary>
    internal IDatagramSocket BindSender(IPEndPoint local, DatagramSocketOptions options) => _sender.Inside(() => DatagramSockets.Bind(local, options));

    /// <summary>Binds a socket at the receiver's host.</summary>
    internal IDatagramSocket BindReceiver(IPEndPoint local, DatagramSocketOptions options) => _receiver.Inside(() => DatagramSockets.Bind(local, options));

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }
}
