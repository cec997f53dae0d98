using Crust.Diagnostics;

namespace Crust.Session.Driver;

/// <summary>What its links ask of a session.</summary>
internal sealed partial class SessionDriver
{
    /// <inheritdoc/>
    bool ILinkCarrier.HandleRecord(LinkPump link, ReadOnlySpan<byte> plaintext)
    {
        lock (Gate)
        {
            if (link.Handle.IsUnwanted)
                return false;
            var goesOn = _machine.Handle(link.Handle, plaintext, _clock.Now);
            Settle();
            return goesOn && !_machine.IsClosed;
        }
    }

    /// <inheritdoc/>
    int ILinkCarrier.NextRecord(LinkPump link, Span<byte> plaintext, out bool over)
    {
        lock (Gate)
        {
            over = link.Handle.IsUnwanted;
            if (over)
                return 0;
            var length = _machine.PollRecord(link.Handle, plaintext, _clock.Now, _clock.UnixMilliseconds);
            Drain();
            _timer.SetTo(_isEnding ? null : _machine.PollTimeout());
            over = _machine.IsClosed;
            return length;
        }
    }

    /// <inheritdoc/>
    bool ILinkCarrier.OwesGoodbye(LinkPump link)
    {
        lock (Gate)
            return _machine.OwesGoodbye && (_machine.ActiveLink is null || _machine.ActiveLink == link.Handle);
    }

    /// <inheritdoc/>
    void ILinkCarrier.LinkFaulted(LinkPump link, Exception exception)
    {
        Log.SessionDriverFailed(_logger, Remote.ToShortString(), exception);
        End(GoodbyeCode.InternalError, "The session's driver failed.");
    }

    /// <inheritdoc/>
    Task ILinkCarrier.LinkEndedAsync(LinkPump link)
    {
        lock (Gate)
        {
            _links.Remove(link);
            if (_isEnding)
                return Task.CompletedTask;
            _machine.RemoveLink(link.Handle, _clock.Now);
            Settle();
            if (!_endsWithLink || _machine.LinkCount > 0)
                return Task.CompletedTask;
        }

        End(GoodbyeCode.GoingAway, "The link was lost.");
        return Task.CompletedTask;
    }
}
