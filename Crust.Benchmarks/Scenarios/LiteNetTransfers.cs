using System.Net;
using System.Security.Cryptography;
using LiteNetLib;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// LiteNetLib's reliable-ordered delivery over loopback, 64 KiB messages, which it cuts into fragments itself. Both ends in this process. Tuned as for
/// small messages (see <see cref="MessagesScenario"/>); 32 messages queued were no slower than more.
/// </summary>
internal static class LiteNetTransfers
{
    private const int Queued = 32;
    private const int Fragment = 1_400;

    /// <summary>How long a round may take before it counts as hung.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    internal static Transfer Run(long bytes)
    {
        var received = 0L;
        using var connected = new ManualResetEventSlim();
        using var done = new ManualResetEventSlim();
        var receiving = new EventBasedNetListener();
        receiving.ConnectionRequestEvent += static request => request.Accept();
        receiving.NetworkReceiveEvent += (_, reader, _, _) =>
        {
            received += reader.AvailableBytes;
            if (received == bytes)
                done.Set();
        };
        var sending = new EventBasedNetListener();
        sending.PeerConnectedEvent += _ => connected.Set();
        var receiver = MessagesScenario.Manager(receiving);
        var sender = MessagesScenario.Manager(sending);
        receiver.Start(IPAddress.Loopback, IPAddress.IPv6Loopback, 0);
        sender.Start(IPAddress.Loopback, IPAddress.IPv6Loopback, 0);
        try
        {
            var peer = sender.Connect(new IPEndPoint(IPAddress.Loopback, receiver.LocalPort), "");
            if (!connected.Wait(Patience))
                throw new TimeoutException("The rival did not connect.");
            var payload = RandomNumberGenerator.GetBytes(UtpTransfers.Block);
            var meter = TransferMeter.Begin();
            var deadline = TimeProvider.System.GetTimestamp();
            for (var sent = 0L; !done.IsSet;)
            {
                for (; sent < bytes && peer.GetPacketsCountInReliableQueue(0, true) < Queued * UtpTransfers.Block / Fragment; sent += payload.Length)
                    peer.Send(payload, DeliveryMethod.ReliableOrdered);
                sender.TriggerUpdate();
                Thread.Yield();
                if (TimeProvider.System.GetElapsedTime(deadline) > Patience)
                    throw new TimeoutException("The rival did not deliver everything.");
            }

            return meter.End(bytes);
        }
        finally
        {
            sender.Stop();
            receiver.Stop();
        }
    }
}
