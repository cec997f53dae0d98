using System.Globalization;
using FluentAssertions;

namespace Crust.Tests.Interop.Utp;

/// <summary>Wireshark's dissector of µTP (BT-uTP), by <c>tshark</c>, on captures that tests write themselves: no right to capture is needed.</summary>
internal static class Tshark
{
    private static readonly Lazy<bool> IsThere = new(() => Tool.Runs("tshark", "--version"));

    /// <summary>What it calls the fields of a µTP header, and what of a packet that it cannot read.</summary>
    private static readonly string[] Fields =
        ["udp.srcport", "udp.payload", "bt-utp.ver", "bt-utp.type", "bt-utp.connection_id", "bt-utp.seq_nr", "bt-utp.ack_nr", "bt-utp.wnd_size", "_ws.malformed", "_ws.expert.message"];

    /// <summary>It takes packets that offer more than 3.5 MiB for another protocol's, unless it is told of larger windows; two of ours have up to 16 MiB.</summary>
    private const string Windows = "bt-utp.max_window_size:0x7fffffff";

    /// <summary>Skips the test when it is not installed.</summary>
    internal static void Require() => Tool.Require(IsThere.Value, "tshark is not installed");

    /// <summary>Holds every datagram against the dissector: it is µTP, none is malformed, and each field of the header is what the test's own reading says.</summary>
    internal static void ShouldDissect(IReadOnlyList<ProxiedDatagram> datagrams)
    {
        var rows = Dissect(datagrams);
        rows.Should().HaveCount(datagrams.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            var (row, datagram) = (rows[i], datagrams[i]);
            var what = $"packet {i} of {datagrams.Count}: {Convert.ToHexString(datagram.Payload.AsSpan(0, Math.Min(64, datagram.Payload.Length)))}";
            row.Malformed.Should().BeEmpty(what);
            row.Header.Should().Be(
                (datagram.Version, datagram.Type, datagram.ConnectionId, datagram.SequenceNumber, datagram.AcknowledgementNumber, datagram.Window), what);
        }
    }

    /// <summary>One row a datagram.</summary>
    internal static IReadOnlyList<TsharkRow> Dissect(IReadOnlyList<ProxiedDatagram> datagrams)
    {
        var folder = Directory.CreateTempSubdirectory("crust-tshark-");
        try
        {
            var capture = Path.Combine(folder.FullName, "capture.pcap");
            PcapFile.Write(capture, datagrams);
            string[] arguments = ["-r", capture, "-d", $"udp.port=={PcapFile.ListenerPort},bt-utp", "-o", Windows, "-T", "fields", "-E", "separator=|"];
            var output = Tool.Output("tshark", [.. arguments, .. Fields.SelectMany(field => new[] { "-e", field })])
                ?? throw new InvalidOperationException("tshark fails.");
            return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static TsharkRow Parse(string line)
    {
        var cells = line.Split('|');
        // What is no µTP to it has no such fields.
        (int, int, int, int, int, uint)? header = cells[2].Length == 0
            ? null
            : (Number(cells[2]), Number(cells[3]), Number(cells[4]), Number(cells[5]), Number(cells[6]), uint.Parse(cells[7], CultureInfo.InvariantCulture));
        return new TsharkRow(Number(cells[0]) == PcapFile.DiallerPort, Convert.FromHexString(cells[1]), header, string.Join(' ', cells[8..]).Trim());
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
