using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using LiteNetLib;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// Small messages: 100 bytes each, one after the other on one session, from the first send to the last delivery, against LiteNetLib's
/// reliable-ordered delivery over loopback UDP, which neither encrypts nor signs. Both ends are in this process.
/// </summary>
internal static class MessagesScenario
{
    private const int Length = 100;

    /// <summary>Some seconds: windows and caches have found their size long before the end.</summary>
    private const int Count = 2_000_000;

    /// <summary>How long a round may take before it counts as hung.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    internal static IEnumerable<BenchmarkCase> Cases()
    {
        yield return new BenchmarkCase("signed", "litenetlib", "100-byte messages", "messages/s", () => SessionAsync(signed: true), () => Task.Run(LiteNetLib));
        yield return new BenchmarkCase("unsigned", "litenetlib", "100-byte messages", "messages/s", () => SessionAsync(signed: false), () => Task.Run(LiteNetLib));
    }

    private static async Task<double> SessionAsync(bool signed)
    {
        var delivered = 0;
        var wrong = 0;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback, Sign = signed });
        receiver.Handle("small", (message, _) =>
        {
            if (message.Payload.Length != Length || message.IsSigned != signed)
                wrong++;
            if (++delivered == Count)
                done.SetResult();
            return ValueTask.CompletedTask;
        });
        await using var sender = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback, Sign = signed });
        var connection = await sender.ConnectToAddressAsync(receiver.Addresses[0]);
        var payload = RandomNumberGenerator.GetBytes(Length);
        var start = Stopwatch.GetTimestamp();
        for (var sent = 0; sent < Count; sent++)
            await connection.SendAsync("small", payload);
        await done.Task.WaitAsync(Patience);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return wrong == 0 ? Count / seconds : throw new InvalidOperationException($"{wrong} messages did not arrive as they were sent.");
    }

    /// <summary>
    /// The rival's best found here: events on its own threads, native sockets, packets as large as it allows from the start (small messages
    /// travel together), 1 ms updates, and a sender that keeps 256 messages queued and triggers an update for each refill. That was about 2.5
    /// times its figure with 1 ms updates alone and 5 times that of its manual mode.
    /// </summary>
    private static double LiteNetLib()
    {
        const int queued = 256;
        var delivered = 0;
        var wrong = 0;
        using var connected = new ManualResetEventSlim();
        using var done = new ManualResetEventSlim();
        var receiving = new EventBasedNetListener();
        receiving.ConnectionRequestEvent += static request => request.Accept();
        receiving.NetworkReceiveEvent += (_, reader, _, _) =>
        {
            if (reader.AvailableBytes != Length)
                wrong++;
            if (++delivered == Count)
                done.Set();
        };
        var sending = new EventBasedNetListener();
        sending.PeerConnectedEvent += _ => connected.Set();
        var receiver = Manager(receiving);
        var sender = Manager(sending);
        receiver.Start(IPAddress.Loopback, IPAddress.IPv6Loopback, 0);
        sender.Start(IPAddress.Loopback, IPAddress.IPv6Loopback, 0);
        try
        {
            var peer = sender.Connect(new IPEndPoint(IPAddress.Loopback, receiver.LocalPort), "");
            if (!connected.Wait(Patience))
                throw new TimeoutException("The rival did not connect.");
            var payload = RandomNumberGenerator.GetBytes(Length);
            var start = Stopwatch.GetTimestamp();
            for (var sent = 0; !done.IsSet;)
            {
                for (; sent < Count && peer.GetPacketsCountInReliableQueue(0, true) < queued; sent++)
                    peer.Send(payload, DeliveryMethod.ReliableOrdered);
                sender.TriggerUpdate();
                Thread.Yield();
                if (Stopwatch.GetElapsedTime(start) > Patience)
                    throw new TimeoutException("The rival did not deliver everything.");
            }

            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            return wrong == 0 ? Count / seconds : throw new InvalidOperationException($"{wrong} messages did not arrive as they were sent.");
        }
        finally
        {
            sender.Stop();
            receiver.Stop();
        }
    }

    internal static NetManager Manager(EventBasedNetListener listener) => new(listener)
    {
        UnsyncedEvents = true,
        UnsyncedReceiveEvent = true,
        UnsyncedDeliveryEvent = true,
        AutoRecycle = true,
        UseNativeSockets = true,
        IPv6Enabled = false,
        UpdateTime = 1,
        MtuOverride = 1432,
        PacketPoolSize = 100_000,
    };
}
