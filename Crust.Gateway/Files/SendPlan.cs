namespace Crust.Gateway.Files;

/// <summary>What a sender has to do after a receiver told what it has. Immutable but for the place where the first file begins.</summary>
internal sealed class SendPlan
{
    private readonly Manifest _manifest;
    private readonly bool[] _done;

    private SendPlan(Manifest manifest, bool[] done)
    {
        _manifest = manifest;
        _done = done;
        for (var i = 0; i < done.Length; i++)
        {
            if (manifest.Entries[i].IsFolder || !done[i])
                continue;
            FilesDone++;
            DoneLength += manifest.Entries[i].Length;
        }
    }

    /// <summary>Files the receiver has whole.</summary>
    internal int FilesDone { get; }

    /// <summary>Bytes of those files.</summary>
    internal long DoneLength { get; }

    /// <summary>Where the first missing file begins; 0, unless a resume point fits.</summary>
    internal long FirstOffset { get; set; }

    /// <summary>Files to be sent, in order.</summary>
    internal IEnumerable<int> Missing => Files(done: false);

    /// <summary>Files that the receiver has.</summary>
    internal IEnumerable<int> Done => Files(done: true);

    /// <summary>The plan after such a state; null when the state is not one of this transfer.</summary>
    internal static SendPlan? For(Manifest manifest, ReceiverState state)
    {
        var done = new bool[manifest.Entries.Count];
        if (!state.TryExpand(done))
            return null;
        var plan = new SendPlan(manifest, done);
        return state.Partial is not { } partial || (partial < done.Length && plan.Missing.FirstOrDefault(-1) == partial) ? plan : null;
    }

    /// <summary>The plan when the receiver has everything.</summary>
    internal static SendPlan Everything(Manifest manifest)
    {
        var done = new bool[manifest.Entries.Count];
        Array.Fill(done, true);
        return new SendPlan(manifest, done);
    }

    private IEnumerable<int> Files(bool done) => Enumerable.Range(0, _done.Length).Where(i => !_manifest.Entries[i].IsFolder && _done[i] == done);
}
