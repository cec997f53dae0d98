using Crust.Identity;
using Crust.Session;
using Crust.Session.Circuits;
using Crust.Session.Circuits.Driver;
using Crust.Session.Frames;
using Crust.Tests.Interop.Hostile;

namespace Crust.Tests.Fuzz;

/// <summary>Records what a node that takes circuits says and hears: circuits of both ends' opening, one refused, and the frames about links and credit that a short session has no need of.</summary>
internal static class HopRecorder
{
    /// <summary>So many empty messages spend nearly all of a first window, and it grows.</summary>
    internal const int Burst = 1000;

    /// <summary>Bytes of our circuit, more than half a window, so that the node gives credit; of its answer; and of its own circuit, which we say back.</summary>
    internal const int Ours = 34_000, Answer = 100, Theirs = 2_000;

    internal const string Note = "note";

    internal static readonly byte[] Token = [.. Enumerable.Repeat((byte)0x55, 40)];

    /// <summary>Whom circuits lead to, by their words.</summary>
    internal static readonly PeerId Callee = PeerIdentity.FromSeed([.. Enumerable.Repeat((byte)3, 32)]).Id;

    internal static string File(bool nodeIsLower) => nodeIsLower ? "hop-lower.bin" : "hop-higher.bin";

    internal static async Task<List<Capture>> RecordAsync(bool nodeIsLower)
    {
        var captures = new List<Capture>();
        await using var host = new Host();
        await using var node = await Loopback.StartAsync(o =>
        {
            o.Identity = nodeIsLower ? CorpusRecorder.Lower : CorpusRecorder.Higher;
            o.CircuitHost = host;
        });
        node.Handle(Note, (_, _) => ValueTask.CompletedTask);
        // The higher id asks for its link before anything is said of it: the recorder in the first record, or the node, of a first record that chooses nothing.
        byte[] ping = [(byte)FrameType.Ping, 0, 0, 0, 0, 0, 0, 0, 1];
        var first = nodeIsLower ? [(byte)FrameType.LinkRequest, 0, .. ping] : ping;
        await using var peer = await CapturingPeer.ConnectAsync(node, nodeIsLower ? CorpusRecorder.Higher : CorpusRecorder.Lower, captures, first);
        var machine = peer.Machine;
        var hop = new EchoingHop(opensEven: !nodeIsLower);
        machine.Circuits = hop;

        var ours = hop.Open(Callee, CircuitKind.Data, Token, Bytes(Ours));
        hop.Open(Callee, CircuitKind.Control, [], Bytes(10));
        await peer.PumpAsync();
        hop.Close(ours);
        await peer.PumpAsync();
        var back = await host.CallAsync(node.Connections[0].Session.Circuits!, Bytes(Theirs), peer.PumpAsync());
        if (hop.Received != Answer + Theirs || back != Theirs || hop.Ended is not [CircuitCode.NotAdmitted, CircuitCode.Normal] || hop.Count > 0)
            throw new InvalidDataException($"Of the circuits {hop.Received} and {back} bytes came; they ended with {string.Join(", ", hop.Ended)}; {hop.Count} are left.");

        await using (var stream = node.Connections[0].OpenStream(CorpusRecorder.Ask))
        {
            // So much that the stream's credit is renewed, while it goes on.
            await stream.WriteAsync(Bytes(17_000));
            await peer.PumpAsync();
            stream.CompleteWriting();
            await peer.PumpAsync();
        }

        for (var i = 0; i < Burst; i++)
        {
            if (machine.TrySend(Note, 1, [], [], i + 1, CapturingPeer.Now) != SendResult.Queued)
                throw new InvalidDataException("A first window takes less.");
        }

        await peer.PumpAsync(60_000);
        // Long enough to be idle, and to give back what the burst left of credit.
        CapturingPeer.Skip(TimeSpan.FromSeconds(30));
        machine.HandleTimeout(CapturingPeer.Now);
        await peer.PumpAsync();

        if (nodeIsLower)
        {
            var closing = node.Connections[0].CloseAsync("That is all.");
            await peer.PumpAsync();
            await closing;
        }
        else
        {
            machine.Close(GoodbyeCode.Normal, "That is all.");
            await peer.PumpAsync();
        }

        return captures;
    }

    private static byte[] Bytes(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i % 251))];

    /// <summary>Takes circuits that bring a token, and answers each.</summary>
    private sealed class Host : ICircuitHost, IAsyncDisposable
    {
        private readonly MemoryBudget _memory = new(1 << 20);
        private readonly List<Task> _answering = [];

        public void HandleOpened(CircuitHop hop, Circuit circuit, ReadOnlySpan<byte> token)
        {
            if (!token.SequenceEqual(Token))
            {
                hop.Close(circuit, CircuitCode.NotAdmitted, atOnce: true);
                return;
            }

            var link = new CircuitLink(hop, circuit, _memory, TimeProvider.System);
            circuit.User = link;
            _answering.Add(AnswerAsync(link));
        }

        /// <summary>Opens a circuit, reads as much as it writes, and ends it; while the other end is pumped. Returns what came.</summary>
        internal async Task<long> CallAsync(CircuitHop hop, byte[] content, Task pumping)
        {
            CircuitLink? made = null;
            hop.TryOpen(Callee, CircuitKind.Data, [], circuit => made = new CircuitLink(hop, circuit, _memory, TimeProvider.System));
            await using var link = made!;
            await link.Output.WriteAsync(content);
            var read = await ReadAsync(link, content.Length);
            await link.DisposeAsync();
            await pumping;
            return read;
        }

        public async ValueTask DisposeAsync() => await Task.WhenAll(_answering);

        private static async Task AnswerAsync(CircuitLink link)
        {
            await ReadAsync(link, Ours);
            await link.Output.WriteAsync(new byte[Answer]);
            await ReadAsync(link, 1);
            await link.DisposeAsync();
        }

        /// <summary>Reads so many bytes, or all there are; how many they were.</summary>
        private static async Task<long> ReadAsync(CircuitLink link, int length)
        {
            var read = 0L;
            try
            {
                while (read < length && await link.Input.ReadAsync() is { Buffer.IsEmpty: false } result)
                {
                    read += result.Buffer.Length;
                    link.Input.AdvanceTo(result.Buffer.End);
                }
            }
            catch (IOException)
            {
                // The other end is done with it.
            }

            return read;
        }
    }
}
