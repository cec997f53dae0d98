using System.Globalization;
using Crust.Identity.Evidence;

namespace Crust.Gateway.Commands;

/// <summary>Verified evidence in words and in fields: who said what to whom, under which protocol, when by their own claim.</summary>
internal static class EvidenceReport
{
    /// <summary>Tells of a signed message.</summary>
    internal static void Message(CommandOutput output, SignedMessage message, string? writtenTo)
    {
        var lines = new List<string>
        {
            $"Good. {message.Sender}",
            $"signed this for {message.Receiver}:",
            $"  what      {Content(message)}",
            $"  protocol  {message.Protocol}",
            $"  place     number {message.Number.ToString(CultureInfo.InvariantCulture)} of session {Convert.ToHexStringLower(message.SessionId.Span)}",
            $"  when      {When(message)}, by the sender's own clock",
            $"  network   {message.Network}",
            $"  content   {PayloadPreview.Of(message.Payload.Span)}",
        };
        if (writtenTo is not null)
            lines.Add($"  written   {writtenTo}");
        lines.Add("It proves who wrote it, not that it arrived, nor when.");
        output.Event("verified", string.Join(Environment.NewLine, lines), [("type", "message"), .. Fields(message), ("file", writtenTo)]);
    }

    /// <summary>Tells of a proof of equivocation.</summary>
    internal static void Equivocation(CommandOutput output, EquivocationProof proof)
    {
        var isContent = proof.Ground == EquivocationGround.TwoContents;
        string[] lines =
        [
            $"Good. {proof.First.Sender}",
            isContent
                ? $"signed two different things as number {proof.First.Number.ToString(CultureInfo.InvariantCulture)} of one session:"
                : "signed two different histories of one session, in which these stand:",
            .. Lines("first", proof.First),
            .. Lines("second", proof.Second),
            $"  session   {Convert.ToHexStringLower(proof.First.SessionId.Span)}",
            $"  network   {proof.First.Network}",
            "No honest peer does that, unless its key or its process was copied.",
        ];
        output.Event(
            "verified",
            string.Join(Environment.NewLine, lines),
            ("type", "equivocation"),
            ("ground", isContent ? "two-contents" : "two-statements"),
            ("sender", proof.First.Sender.ToString()),
            ("messages", new[] { proof.First, proof.Second }.Select(message => Fields(message).ToDictionary(field => field.Name, field => field.Value)).ToArray()));
    }

    private static string[] Lines(string name, SignedMessage message) =>
    [
        $"  {name,-8}  {Content(message)}, protocol {message.Protocol}, to {message.Receiver}, {When(message)}",
        $"  {"",-8}  {PayloadPreview.Of(message.Payload.Span)}",
    ];

    private static (string Name, object? Value)[] Fields(SignedMessage message) =>
    [
        ("sender", message.Sender.ToString()),
        ("receiver", message.Receiver.ToString()),
        ("network", message.Network.Hex),
        ("session", Convert.ToHexStringLower(message.SessionId.Span)),
        ("kind", SignedMessageJson.NameOf(message.Kind)),
        ("protocol", message.Protocol),
        ("streamId", message.StreamId),
        ("number", message.Number),
        ("offset", message.Offset),
        ("bytes", message.Payload.Length),
        ("unixMilliseconds", message.UnixMilliseconds),
    ];

    private static string Content(SignedMessage message)
    {
        var bytes = string.Create(CultureInfo.InvariantCulture, $"{message.Payload.Length:N0} {(message.Payload.Length == 1 ? "byte" : "bytes")}");
        return message.Kind switch
        {
            SignedContent.Message => $"a message of {bytes}",
            SignedContent.StreamData => string.Create(CultureInfo.InvariantCulture, $"{bytes} of stream {message.StreamId}, from byte {message.Offset:N0} on"),
            SignedContent.StreamOpen => string.Create(CultureInfo.InvariantCulture, $"the opening of stream {message.StreamId}"),
            SignedContent.StreamFinish => string.Create(CultureInfo.InvariantCulture, $"the end of stream {message.StreamId}"),
            SignedContent.StreamReset => string.Create(CultureInfo.InvariantCulture, $"that it gave stream {message.StreamId} up"),
            _ => string.Create(CultureInfo.InvariantCulture, $"that it wants no more of stream {message.StreamId}"),
        };
    }

    private static string When(SignedMessage message) => message.ClaimedTime is { } time
        ? time.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture) + " UTC"
        : string.Create(CultureInfo.InvariantCulture, $"{message.UnixMilliseconds} ms after 1970");
}
